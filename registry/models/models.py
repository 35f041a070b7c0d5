"""The registered model: the record that governance is about."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from registry.models.people import BusinessUnit, Person
from registry.models.servers import MLflowServer


class Task(models.TextChoices):
    CLASSIFICATION = "classification", "Classification"
    REGRESSION = "regression", "Regression"
    RANKING = "ranking", "Ranking"
    FORECASTING = "forecasting", "Forecasting"
    CLUSTERING = "clustering", "Clustering"


class Lifecycle(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    IN_DEVELOPMENT = "in_development", "In development"
    ACTIVE = "active", "Active"
    RESTRICTED = "restricted", "Restricted"
    SUSPENDED = "suspended", "Suspended"
    DECOMMISSIONING = "decommissioning", "Decommissioning"
    DECOMMISSIONED = "decommissioned", "Decommissioned"


class DecisionRole(models.TextChoices):
    INFORMATION_ONLY = "information_only", "Information only"
    ONE_INPUT = "one_input", "One input among others"
    REVIEWED = "recommendation_reviewed", "Recommendation, reviewed"
    RARELY_OVERRULED = "recommendation_rarely_overruled", "Recommendation, rarely overruled"
    FULLY_AUTOMATED = "fully_automated", "Fully automated"


class RegisteredModel(models.Model):
    """One governed model; `tier` is computed from `tier_answers`, never typed in."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="models")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="owned_models")
    deputy = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="deputized_models"
    )
    purpose = models.TextField()
    description = models.TextField(default="", blank=True)
    task = models.CharField(max_length=20, choices=Task.choices)
    lifecycle = models.CharField(
        max_length=20, choices=Lifecycle.choices, default=Lifecycle.IN_DEVELOPMENT
    )
    decision_role = models.CharField(max_length=40, choices=DecisionRole.choices)
    jurisdictions = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    tier = models.SmallIntegerField(default=1)
    computed_tier = models.SmallIntegerField(default=1)  # by the rule, before any override
    tier_answers = models.JSONField(default=dict, blank=True)
    tier_reasons = models.JSONField(default=list, blank=True)
    # The rest of the inventory record, by field (registry.record says which there are).
    record = models.JSONField(default=dict, blank=True)
    # Where MLflow knows it; the sweep ties the matching SourceModel to this record.
    mlflow_server = models.ForeignKey(
        MLflowServer, null=True, blank=True, on_delete=models.PROTECT, related_name="claims"
    )
    mlflow_name = models.CharField(max_length=300, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tier__gte=1, tier__lte=4), name="tier_is_one_to_four"
            ),
            models.CheckConstraint(
                condition=models.Q(deputy__isnull=True) | ~models.Q(deputy=models.F("owner")),
                name="deputy_is_not_the_owner",
            ),
            models.UniqueConstraint(
                fields=["mlflow_server", "mlflow_name"],
                condition=models.Q(mlflow_server__isnull=False),
                name="one_record_per_mlflow_model",
            ),
        ]
        indexes = [
            # Serves the fleet list filtered by unit.
            models.Index(fields=["unit", "slug"], name="model_by_unit"),
            # Serves `?tag=` on the model list.
            GinIndex(fields=["tags"], name="model_by_tag"),
        ]

    def __str__(self) -> str:
        return self.slug


class SlugHistory(models.Model):
    """Every slug a model ever had, so that an old one redirects and is never given away again."""

    slug = models.SlugField(max_length=100, unique=True)
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="slugs")

    def __str__(self) -> str:
        return self.slug


class TierAssessment(models.Model):
    """One computation of a model's tier, with the answers it saw. Insert-only."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="assessments")
    answers = models.JSONField()
    rule_version = models.CharField(max_length=20)
    tier = models.SmallIntegerField()
    reasons = models.JSONField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tier {self.tier} of {self.model_id} at {self.at:%Y-%m-%d %H:%M}"


class ModelUse(models.Model):
    """A purpose and population a model is used for; gates and approvals bind to one."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="uses")
    purpose = models.TextField()
    population = models.TextField(default="", blank=True)
    jurisdictions = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model"],
                condition=models.Q(is_default=True),
                name="one_default_use_per_model",
            ),
        ]

    def __str__(self) -> str:
        return f"use {self.pk} of {self.model_id}"
