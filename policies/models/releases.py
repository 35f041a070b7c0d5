"""What the release gate found for a version: one row a control and evaluation. Insert-only."""

from django.db import models

from registry.models import ModelUse, ModelVersion


class Result(models.TextChoices):
    """The six results a control or gate can have; only `satisfied` and a waiver let pass."""

    SATISFIED = "satisfied", "Satisfied"
    FAILED = "failed", "Failed"
    EXPIRED = "expired", "Expired"
    WAIVED = "waived", "Waived"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    UNKNOWN = "unknown", "Unknown"


class GateResult(models.Model):
    """One line of the gate's check list for one version, use and digest."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="gate_results")
    use = models.ForeignKey(ModelUse, on_delete=models.CASCADE, related_name="gate_results")
    digest = models.CharField(max_length=64, default="", blank=True)
    control = models.CharField(max_length=40)
    result = models.CharField(max_length=20, choices=Result.choices)
    reason = models.TextField()
    facts = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Serves the gate card: the newest line of each control of a version.
            models.Index(fields=["version", "control", "-at"], name="gate_of_version"),
        ]

    def __str__(self) -> str:
        return f"{self.control} {self.result} for version {self.version_id}"
