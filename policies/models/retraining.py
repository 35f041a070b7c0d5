"""Retraining policies, what they decided and why, and the jobs that followed."""

import uuid

from django.db import models
from django.db.models import Q

from monitoring.models import Run
from registry.models import BusinessUnit, ModelVersion, Person, RegisteredModel
from registry.secrets import EncryptedTextField


class Trainer(models.Model):
    """An outside program that retrains on a signed request."""

    slug = models.SlugField(max_length=60, unique=True)
    unit = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, related_name="trainers")
    url = models.CharField(max_length=500)
    secret = EncryptedTextField(default="", blank=True)

    def __str__(self) -> str:
        return self.slug


class RetrainingPolicy(models.Model):
    """When models of a selection are retrained; the newest version is in force."""

    slug = models.SlugField(max_length=60, unique=True)
    # null: of the whole fleet, kept by the platform's administrators.
    unit = models.ForeignKey(
        BusinessUnit, null=True, blank=True, on_delete=models.CASCADE, related_name="policies"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug


class PolicyVersion(models.Model):
    """One state of a policy: which models it is for, and its rules. Insert-only."""

    policy = models.ForeignKey(RetrainingPolicy, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    selector = models.JSONField()
    spec = models.JSONField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "number"], name="one_policy_version_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of policy {self.policy_id}"


class Decision(models.Model):
    """What a policy decided for a model, with the facts it saw. Insert-only.

    It was asked by a run's verdict, by its own cadence at the time `cadence_due`, or by a person,
    who may have overridden what held it back: the reasons say so.
    """

    class Action(models.TextChoices):
        RETRAIN = "retrain", "Retrain"
        HOLD = "hold", "Hold"
        WAIT = "wait", "Wait"
        NONE = "none", "Nothing to do"

    policy_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="decisions"
    )
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="decisions")
    trigger_run = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    cadence_due = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(max_length=10, choices=Action.choices)
    reasons = models.JSONField()  # whole sentences, the deciding one first
    facts = models.JSONField()  # everything decide() saw: replaying them gives the same answer
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy_version", "model", "trigger_run"], name="one_decision_per_trigger"
            ),
            models.UniqueConstraint(
                fields=["policy_version", "model", "cadence_due"],
                condition=Q(trigger_run=None),
                name="one_decision_per_cadence_due",
            ),
            models.CheckConstraint(
                condition=Q(trigger_run=None, cadence_due=None, asked_by__isnull=False)
                | Q(trigger_run=None, cadence_due__isnull=False, asked_by=None)
                | Q(trigger_run__isnull=False, cadence_due=None, asked_by=None),
                name="a_run_the_cadence_or_a_person_asked",
            ),
        ]
        indexes = [
            # Serves the model page: the newest decisions of a model.
            models.Index(fields=["model", "-at"], name="decisions_of_model"),
        ]

    def __str__(self) -> str:
        asked = self.trigger_run_id or self.cadence_due or f"person {self.asked_by_id}"
        return f"{self.action} for {self.model_id} after {asked}"


class Job(models.Model):
    """One retraining that was asked for; a row that a worker leases until it is handed over."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        STARTED = "started", "Started"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        TIMED_OUT = "timed_out", "Timed out"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="job")
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="jobs")
    trainer = models.ForeignKey(Trainer, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=20, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    times_out_at = models.DateTimeField()
    result_version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [
            # Serves the sender's claim: requested jobs that are due.
            models.Index(fields=["due_at"], condition=Q(state="requested"), name="job_due"),
        ]

    def __str__(self) -> str:
        return f"job {self.uuid}"
