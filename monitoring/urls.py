"""Monitoring's addresses in the API; config mounts them under /api/v1/."""

from django.urls import URLPattern

from monitoring.api import (
    alerts,
    analyses,
    channels,
    definitions,
    deliveries,
    estimates,
    forecasts,
    handling,
    health,
    incidents,
    notifications,
    rules,
    runs,
    silences,
    uploads,
)

api_urlpatterns: list[URLPattern] = [
    *definitions.urlpatterns,
    *uploads.urlpatterns,
    *runs.urlpatterns,
    *analyses.urlpatterns,
    *forecasts.urlpatterns,
    *alerts.urlpatterns,
    *handling.urlpatterns,  # before: "bulk" is no number
    *incidents.urlpatterns,
    *rules.urlpatterns,
    *silences.urlpatterns,
    *deliveries.urlpatterns,
    *notifications.urlpatterns,
    *channels.urlpatterns,
    *health.urlpatterns,
    *estimates.urlpatterns,
]
