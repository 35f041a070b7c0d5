"""Metric values as MLflow logged them; NaN and infinity are kept as what they are."""

from django.db import models

from registry.models.servers import MLflowServer


class MetricPoint(models.Model):
    """One logged value of one metric of one run. `value` is the text MLflow gave."""

    server = models.ForeignKey(MLflowServer, on_delete=models.CASCADE)
    run_id = models.CharField(max_length=64)
    key = models.CharField(max_length=250)
    step = models.BigIntegerField()
    at = models.DateTimeField()
    value = models.CharField(max_length=40)
    number = models.FloatField(null=True)  # null where the value is NaN or infinite

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "run_id", "key", "step", "at", "value"],
                name="one_point_per_run_key_step_and_time",
            ),
        ]
        indexes = [
            # Serves the series on the model page and the metric check of a window.
            models.Index(fields=["run_id", "key", "at"], name="metric_series"),
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value} at {self.at:%Y-%m-%d %H:%M}"
