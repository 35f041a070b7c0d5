"""Windows that are due, and the runs that judge them; a run is a row that a worker leases."""

from django.db import models
from django.db.models import Q

from monitoring.models.checks import Baseline, Check, CheckVersion, ContractVersion
from monitoring.models.sources import Batch
from monitoring.states import OPEN_STATES, RunState
from registry.models import ModelVersion


class Window(models.Model):
    """One period a check must account for: [start, end). Without a run it waits for data."""

    check_ref = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="windows")
    start = models.DateTimeField()
    end = models.DateTimeField()
    # When absence becomes `missed`: end + grace (+ label delay).
    due_at = models.DateTimeField()
    # While too few labels have come: which were tried (a digest), and how far they reached.
    tried_labels = models.CharField(max_length=64, default="", blank=True)
    completeness = models.FloatField(null=True, blank=True)
    # Meanwhile, what the confidence of the answers lets one expect; `batch` says of which batch.
    estimate = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["check_ref", "start"], name="one_window_per_start"),
            models.CheckConstraint(
                condition=Q(end__gt=models.F("start")), name="window_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} of check {self.check_ref_id}"


class Run(models.Model):
    """One judgement of one window; a late batch, late labels or a re-run make a new revision."""

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="runs")
    revision = models.IntegerField(default=1)
    current = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=RunState.choices, default=RunState.QUEUED)
    reason = models.TextField(default="", blank=True)

    # What it was judged with: enough to judge it again.
    check_version = models.ForeignKey(CheckVersion, null=True, on_delete=models.PROTECT)
    contract_version = models.ForeignKey(ContractVersion, null=True, on_delete=models.PROTECT)
    baseline = models.ForeignKey(Baseline, null=True, on_delete=models.SET_NULL)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL)
    model_version = models.ForeignKey(ModelVersion, null=True, on_delete=models.SET_NULL)
    label_digests = models.JSONField(default=list, blank=True)

    # The lease: a claim is a conditional update, a late writer is stopped by the token.
    queued_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    rows = models.BigIntegerField(null=True, blank=True)
    completeness = models.FloatField(null=True, blank=True)  # share of rows with a label
    # What the page says first: {"worst": [...], "violations": [...], "notes": [...]}.
    summary = models.JSONField(default=dict, blank=True)
    made_with = models.JSONField(default=dict, blank=True)  # library versions, seed, row cap

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "revision"], name="one_run_per_revision"),
            models.UniqueConstraint(
                fields=["window"], condition=Q(current=True), name="one_current_run_per_window"
            ),
        ]
        indexes = [
            # Serves the claim: open runs, oldest first.
            models.Index(
                fields=["queued_at"],
                condition=Q(state__in=[state.value for state in OPEN_STATES]),
                name="run_open",
            ),
            # Serves the watcher: what was judged lately.
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="run_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} (revision {self.revision} of window {self.window_id})"
