"""The endpoints of policies alone, mounted where config mounts them."""

from django.urls import include, path

from policies.urls import api_urlpatterns

urlpatterns = [path("api/v1/", include(api_urlpatterns))]
