"""Compose the service: settings, addresses, API router, Celery. Nobody imports this package."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
