"""The numbers of a run: one value a feature, segment and method, and the histograms to draw."""

from django.db import models

from monitoring.models.runs import Run


class Reading(models.Model):
    """One score with everything needed to read it: method, direction, limit and sample sizes.

    The table is partitioned by month of `at` (the run's end), so the primary key begins with it.
    """

    pk = models.CompositePrimaryKey("at", "run_id", "feature", "segment", "method")
    at = models.DateTimeField()
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="readings")
    feature = models.CharField(max_length=250)
    segment = models.CharField(max_length=250, default="", blank=True)  # "region=EU" or ""
    method = models.CharField(max_length=40)
    method_version = models.CharField(max_length=40)
    value = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    n_reference = models.BigIntegerField(null=True)
    n_current = models.BigIntegerField(null=True)
    limit = models.FloatField(null=True)
    direction = models.CharField(max_length=3)  # "max": above the limit is bad; "min": below
    crossed = models.BooleanField()
    note = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"{self.method} {self.feature} {self.segment}={self.value}"


class Histogram(models.Model):
    """Counts of reference and current over the same bins, for the run page."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="histograms")
    feature = models.CharField(max_length=250)
    segment = models.CharField(max_length=250, default="", blank=True)
    # Numeric: n+1 edges; categorical: n labels.
    edges = models.JSONField(null=True, blank=True)
    labels = models.JSONField(null=True, blank=True)
    reference = models.JSONField()
    current = models.JSONField()
    summary = models.JSONField(default=dict, blank=True)  # medians, means, null shares

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "feature", "segment"], name="one_histogram_per_feature_and_segment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.segment} of run {self.run_id}"
