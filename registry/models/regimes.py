"""Which rulebooks apply to a model, and why."""

from django.db import models

from registry.models.models import RegisteredModel
from registry.models.people import Person


class ScopeDecision(models.Model):
    """In, out or not applicable under one dated regime pack. Insert-only; the newest counts.

    `by` is empty where the pack's own rule computed it from facts; a person confirms or differs.
    """

    class Result(models.TextChoices):
        IN_SCOPE = "in", "In scope"
        OUT_OF_SCOPE = "out", "Out of scope"
        NOT_APPLICABLE = "not_applicable", "Not applicable"
        UNKNOWN = "unknown", "Not decided"

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="scope_decisions"
    )
    regime = models.SlugField(max_length=60)
    pack_version = models.CharField(max_length=20)
    result = models.CharField(max_length=20, choices=Result.choices)
    facts = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=1000)
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Serves the newest decision of each regime, today and as of a day.
            models.Index(fields=["model", "regime", "-at"], name="scope_as_of"),
        ]

    def __str__(self) -> str:
        return f"{self.regime}: {self.result} for {self.model_id}"


class TierOverride(models.Model):
    """A tier set by a person instead of the computed one.

    A heavier tier holds at once; a lighter one only with an independent approver and an end.
    """

    model = models.ForeignKey(
        RegisteredModel, on_delete=models.CASCADE, related_name="tier_overrides"
    )
    tier = models.SmallIntegerField()
    computed_tier = models.SmallIntegerField()  # what the rule said when it was asked for
    reason = models.CharField(max_length=1000)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # withdrawn, refused, replaced, expired
    ended_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model"],
                condition=models.Q(ended_at__isnull=True),
                name="one_tier_override_per_model",
            ),
            models.CheckConstraint(
                condition=models.Q(tier__gte=1, tier__lte=4), name="overridden_tier_is_one_to_four"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("requested_by")),
                name="nobody_approves_their_own_tier",
            ),
            models.CheckConstraint(
                condition=models.Q(tier__lte=models.F("computed_tier"))
                | models.Q(ends_at__isnull=False),
                name="a_lighter_tier_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"tier {self.tier} for {self.model_id}"
