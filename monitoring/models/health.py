"""Health of each model now, and how it was."""

from django.db import models
from django.db.models import Q

from monitoring.states import HealthState
from registry.models import RegisteredModel


class Health(models.Model):
    """One row a model: its state and the reasons in words. No row means unmonitored."""

    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="health")
    state = models.CharField(max_length=20, choices=HealthState.choices)
    reasons = models.JSONField(default=list, blank=True)  # worst first, whole sentences
    since = models.DateTimeField()
    observed_at = models.DateTimeField(null=True, blank=True)  # newest verdict that counted
    stale_at = models.DateTimeField(null=True, blank=True)  # when silence becomes `unknown`

    class Meta:
        indexes = [
            # Serves the sweep that turns overdue models unknown.
            models.Index(fields=["stale_at"], name="health_stale"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.model_id}"


class HealthSpan(models.Model):
    """A stretch of time in one state; the open one has no end."""

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="health_spans"
    )
    state = models.CharField(max_length=20, choices=HealthState.choices)
    reason = models.TextField(default="", blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(ended_at__isnull=True),
                name="one_open_health_span_per_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} from {self.started_at:%Y-%m-%d %H:%M} of {self.model_id}"
