"""The policies layer: decisions with their reasons."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "policies"
