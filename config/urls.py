"""The address of every page and of the API."""

from django.contrib import admin
from django.urls import include, path

handler404 = "config.errors.not_found"
handler500 = "config.errors.broken"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("", include("dashboard.urls")),
]
