"""Monitoring's addresses in the API; config mounts them under /api/v1/."""

from django.urls import URLPattern

from monitoring.api import alerts, channels, deliveries, health, incidents

api_urlpatterns: list[URLPattern] = [
    *alerts.urlpatterns,
    *incidents.urlpatterns,
    *deliveries.urlpatterns,
    *channels.urlpatterns,
    *health.urlpatterns,
]
