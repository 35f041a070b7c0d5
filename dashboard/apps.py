"""The presentation layer."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
