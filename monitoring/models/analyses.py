"""Work that somebody asked the judge for, beside the verdicts."""

from typing import Literal

from django.db import models
from django.db.models import Q

from monitoring.models.runs import Run
from registry.models import Person, RegisteredModel


class Analysis(models.Model):
    """The full report on a run, or the false alarms a draft check would give; claimed by lease."""

    class Kind(models.TextChoices):
        REPORT = "report", "Full Evidently report"
        FORECAST = "forecast", "Forecast of false alarms"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="analyses")
    run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.CASCADE, related_name="analyses"
    )
    # Of a forecast: {"check": slug, "spec": {...}}. The digest covers body and baseline.
    body = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()

    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    fault = models.CharField(max_length=1000, default="", blank=True)
    result = models.JSONField(default=dict, blank=True)
    path = models.CharField(max_length=1000, default="", blank=True)  # under MUSTER_DATA_DIR
    size = models.BigIntegerField(null=True, blank=True)
    file_deleted_at = models.DateTimeField(null=True, blank=True)  # for its age

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "model", "digest"], name="one_analysis_per_question"
            ),
        ]
        indexes = [
            # Serves the claim of the next analysis.
            models.Index(
                fields=["requested_at"],
                condition=Q(finished_at__isnull=True),
                name="analysis_due",
            ),
        ]

    @property
    def state(self) -> Literal["waiting", "made", "failed"]:
        """How far it is, in the words of the API."""
        if self.fault:
            return "failed"
        return "waiting" if self.finished_at is None else "made"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of {self.model_id}"
