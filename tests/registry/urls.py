"""The registry's endpoints and the back office alone, mounted where config mounts them."""

from django.contrib import admin
from django.urls import include, path

from registry.urls import api_urlpatterns

urlpatterns = [path("api/v1/", include(api_urlpatterns)), path("admin/", admin.site.urls)]
