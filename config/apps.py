"""The composition layer: has no tables, brings the commands that run all layers."""

from django.apps import AppConfig


class ComposeConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the system checks)
