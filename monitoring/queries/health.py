"""Read the health of models now and in the past."""

from datetime import datetime, timedelta

from django.db.models import Q

from monitoring.models import Health, HealthSpan
from registry.models import RegisteredModel


def health_of(model: RegisteredModel) -> Health | None:
    """Return the model's health; None while nobody has ever looked (unmonitored)."""
    return Health.objects.filter(model=model).first()


def health_history(model: RegisteredModel, *, days: int, at: datetime) -> list[HealthSpan]:
    """Return the stretches of the last `days` days in order; the last one has no end."""
    ended = Q(ended_at=None) | Q(ended_at__gt=at - timedelta(days=days))
    return list(HealthSpan.objects.filter(ended, model=model).order_by("started_at", "pk"))
