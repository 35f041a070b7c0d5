"""What is watched: baselines, contracts and checks, each change a new insert-only version."""

from django.db import models

from registry.models import ModelVersion, Person, RegisteredModel


class Baseline(models.Model):
    """A stored reference that batches are compared with; the digest says which bytes."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="baselines")
    version = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.SET_NULL)
    path = models.CharField(max_length=1000)  # relative to MUSTER_DATA_DIR
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "digest"], name="one_baseline_per_content"),
        ]

    def __str__(self) -> str:
        return f"baseline {self.digest[:8]} of {self.model_id}"


class Contract(models.Model):
    """What a batch of a model must look like before any statistic is taken."""

    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="contract")

    def __str__(self) -> str:
        return f"contract of {self.model.slug}"


class ContractVersion(models.Model):
    """One state of a contract. Insert-only."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    spec = models.JSONField()
    learned_from = models.ForeignKey(Baseline, null=True, blank=True, on_delete=models.SET_NULL)
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "number"], name="one_contract_version_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.contract.model.slug}"


class Check(models.Model):
    """One thing that is watched about a model, window by window."""

    class Kind(models.TextChoices):
        DATA = "data", "Data and drift"
        PERFORMANCE = "performance", "Performance"
        METRIC = "metric", "MLflow metric"
        FAIRNESS = "fairness", "Fairness"
        SKEW = "skew", "Training-serving skew"

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="checks")
    slug = models.SlugField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    paused = models.BooleanField(default=False)
    # Of the version in force: who may claim the check's runs.
    engine = models.CharField(max_length=10, default="local")
    # The planner's cursor: the first window that has no row yet, and when to look at it.
    next_window_start = models.DateTimeField()
    next_plan_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "slug"], name="one_check_per_slug"),
        ]
        indexes = [
            # Serves the planner: checks whose next window has ended.
            models.Index(fields=["next_plan_at"], name="check_due"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} of {self.model.slug}"


class CheckVersion(models.Model):
    """One state of a check's limits, methods, m-of-n and severity. Insert-only."""

    # The newest version is the one in force (see queries.checks.current_version).
    check_ref = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    spec = models.JSONField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_ref", "number"], name="one_check_version_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of check {self.check_ref_id}"


class Expectation(models.Model):
    """Somebody's word that a crossing is expected until a day: it is shown, and alerts nobody."""

    check_ref = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="expectations")
    feature = models.CharField(max_length=250, default="", blank=True)  # all of them when ""
    segment = models.CharField(max_length=250, default="", blank=True)
    reason = models.CharField(max_length=500)
    until = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.feature or 'everything'} of check {self.check_ref_id} is expected to move"
