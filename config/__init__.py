"""Compose the service: settings, addresses, the API router and Celery. Nobody imports this package."""
