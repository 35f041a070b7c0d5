"""The registry's addresses in the API; config mounts them under /api/v1/."""

from django.urls import URLPattern

api_urlpatterns: list[URLPattern] = []
