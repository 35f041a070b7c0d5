"""When a model's gates and controls were looked at last, and what they saw then."""

from django.db import models

from registry.models import RegisteredModel


class Evaluation(models.Model):
    """The cursor of one evaluation of one model: it is due when `seen` is no longer so."""

    class Kind(models.TextChoices):
        GATES = "gates", "Gates"
        CONTROLS = "controls", "Controls"

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="evaluations")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    seen = models.TextField(default="", blank=True)
    evaluated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "kind"], name="one_evaluation_per_model_and_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.model_id} at {self.evaluated_at:%Y-%m-%d %H:%M}"
