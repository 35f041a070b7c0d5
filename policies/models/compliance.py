"""What the controls found for a model: one row a change. Insert-only."""

from django.db import models

from policies.models.releases import Result
from registry.models import RegisteredModel


class ControlResult(models.Model):
    """The result of one control of one catalogue version for one model, with the facts it saw."""

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="control_results"
    )
    control = models.CharField(max_length=20)
    catalogue_version = models.CharField(max_length=20)
    result = models.CharField(max_length=20, choices=Result.choices)
    reason = models.TextField()
    facts = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()
    holds_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Serves the compliance card and the question "as of when".
            models.Index(fields=["model", "control", "-at"], name="controls_of_model"),
        ]

    def __str__(self) -> str:
        return f"{self.control} {self.result} for {self.model_id}"
