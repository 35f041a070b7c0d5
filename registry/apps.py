"""The registry layer: what exists, and who may see it."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
