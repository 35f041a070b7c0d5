"""Compose the service: settings, addresses, API router, Celery. Nobody imports this package."""
