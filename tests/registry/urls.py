"""The registry's endpoints alone, mounted where config mounts them."""

from django.urls import include, path

from registry.urls import api_urlpatterns

urlpatterns = [path("api/v1/", include(api_urlpatterns))]
