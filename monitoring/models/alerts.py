"""Alerts (one episode per condition) and the incidents that group them by cause."""

from django.db import models
from django.db.models import Q

from monitoring.models.checks import Check
from monitoring.models.runs import Run
from monitoring.states import AlertState, CloseVerdict, IncidentState, Severity
from registry.models import Person, RegisteredModel


class Incident(models.Model):
    """A case that people work on: all alerts of one cause."""

    cause = models.CharField(max_length=200)  # "model:12:drift", "source:7", "mlflow:1"
    title = models.CharField(max_length=300)
    state = models.CharField(
        max_length=20, choices=IncidentState.choices, default=IncidentState.OPEN
    )
    severity = models.CharField(max_length=20, choices=Severity.choices)
    opened_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # An acknowledgment ends by itself, and so does a snooze; both end at once when it gets worse.
    acknowledged_until = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    assigned_to = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="assigned_incidents"
    )
    # How far it was escalated, and when the next step is due while nobody acknowledges.
    escalated = models.SmallIntegerField(default=0)
    attend_at = models.DateTimeField(null=True, blank=True)  # the next of: escalate, remind, expire
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    verdict = models.CharField(max_length=20, choices=CloseVerdict.choices, default="", blank=True)
    root_cause = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause"],
                condition=~Q(state=IncidentState.CLOSED.value),
                name="one_open_incident_per_cause",
            ),
        ]
        indexes = [
            # Serves the watch over open cases: escalate, remind, end what was put off.
            models.Index(
                fields=["attend_at"],
                condition=~Q(state=IncidentState.CLOSED.value),
                name="incident_attend_due",
            ),
        ]

    def __str__(self) -> str:
        return f"INC-{self.pk} {self.title}"


class Alert(models.Model):
    """One episode of one condition of one check and segment.

    Without a check it tells what happened to the model in MLflow; the segment names the version.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="alerts")
    check_ref = models.ForeignKey(
        Check, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts"
    )
    condition = models.CharField(max_length=20)  # drift, breach, data_fault, source_fault, …
    segment = models.CharField(max_length=250, default="", blank=True)
    state = models.CharField(max_length=20, choices=AlertState.choices, default=AlertState.FIRING)
    severity = models.CharField(max_length=20, choices=Severity.choices)
    dedup_key = models.CharField(max_length=200, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="alerts")
    headline = models.CharField(max_length=400)
    flapping = models.BooleanField(default=False)  # it changes so often that only digests tell it
    # What the message needs and only the verdict knew: the numbers, the ladder, m-of-n.
    detail = models.JSONField(default=dict, blank=True)
    opened_by_run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="opened_alerts"
    )
    latest_run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    since = models.DateTimeField()  # start of the first bad window
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_ref", "condition", "segment"],
                condition=~Q(state=AlertState.RESOLVED.value),
                name="one_open_alert_per_condition",
            ),
            models.UniqueConstraint(
                fields=["model", "condition", "segment"],
                condition=Q(check_ref__isnull=True) & ~Q(state=AlertState.RESOLVED.value),
                name="one_open_alert_per_event_condition",
            ),
        ]
        indexes = [
            # Serves health and the model page: what is open for this model.
            models.Index(fields=["model", "state"], name="alerts_of_model"),
        ]

    @property
    def check_slug(self) -> str:
        """The check's slug, or '' for what happened in MLflow."""
        return self.check_ref.slug if self.check_ref else ""

    @property
    def check_kind(self) -> str:
        """The kind of the check, or '' for what happened in MLflow."""
        return self.check_ref.kind if self.check_ref else ""

    @property
    def of_metric(self) -> bool:
        """Whether a check on a metric that MLflow holds found it."""
        return self.check_kind == Check.Kind.METRIC

    def __str__(self) -> str:
        return f"{self.condition} of check {self.check_ref_id} since {self.since:%Y-%m-%d}"


class AlertNote(models.Model):
    """A line an upper layer adds to an alert's message, such as "retraining is on hold"."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "kind"], name="one_note_per_alert_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on alert {self.alert_id}"
