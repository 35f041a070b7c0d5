"""The monitoring layer: what was seen, and who has been told."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
