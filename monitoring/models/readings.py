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
    stage = models.CharField(max_length=20, default="", blank=True)  # see states.Stage
    method = models.CharField(max_length=40)
    method_version = models.CharField(max_length=40)
    value = models.FloatField(null=True)
    p_value = models.FloatField(null=True)
    # After the correction for how many columns were tested in the run; what the limit is held to.
    adjusted_p = models.FloatField(null=True)
    # How far it moved in the unit of its method's effect size (see docs/checks.md), and how much
    # the feature matters to the model, from 0 to 1, as its training run said.
    effect = models.FloatField(null=True)
    weight = models.FloatField(null=True)
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


class GroupCount(models.Model):
    """Counts of one group in a run, from which every fairness figure is computed.

    Counts of labeled rows are null where no labels came.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="group_counts")
    attribute = models.CharField(max_length=200)  # "sex", or "sex x age_band"
    group = models.CharField(max_length=250)
    n = models.BigIntegerField()
    selected = models.BigIntegerField()  # rows with the favorable decision
    tp = models.BigIntegerField(null=True)
    fp = models.BigIntegerField(null=True)
    fn = models.BigIntegerField(null=True)
    tn = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "attribute", "group"], name="one_count_per_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}={self.group} of run {self.run_id}: {self.n}"
