"""Things that happened to a model and that a layer above may have to answer."""

from django.db import models

from registry.models.models import RegisteredModel
from registry.models.versions import ModelVersion, SourceModel


class ModelEvent(models.Model):
    """One fact about a model, written once. Upper layers answer it; nobody changes it."""

    class Kind(models.TextChoices):
        VERSION_ADDED = "version_added", "Version added"
        VERSION_DELETED = "version_deleted", "Version deleted in MLflow"
        ALIAS_MOVED = "alias_moved", "Alias moved"
        SERVING_WITHOUT_APPROVAL = "serving_without_approval", "Serving without approval"
        MODEL_MISSING = "model_missing", "Model missing from MLflow"
        MODEL_RENAMED = "model_renamed", "Model renamed in MLflow"
        MODEL_RETURNED = "model_returned", "Model is back in MLflow"
        MODEL_MADE_ANEW = "model_made_anew", "Model deleted and made anew in MLflow"
        MODEL_RETIED = "model_retied", "Record tied to the model made anew"
        ARTIFACT_CHANGED = "artifact_changed", "Files of a version were overwritten"
        RUN_DELETED = "run_deleted", "Training run deleted in MLflow"
        LOGGED_MODEL_DELETED = "logged_model_deleted", "Logged model deleted in MLflow"
        INTEGRITY_RESTORED = "integrity_restored", "Files of a version are as recorded again"

    kind = models.CharField(max_length=40, choices=Kind.choices)
    source_model = models.ForeignKey(
        SourceModel, null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    model = models.ForeignKey(
        RegisteredModel, null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    version = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.SET_NULL)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # Serves the model page's activity list.
            models.Index(fields=["model", "-at"], name="events_of_model"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EventAnswer(models.Model):
    """A layer above has dealt with an event: once."""

    event = models.ForeignKey(ModelEvent, on_delete=models.CASCADE, related_name="answers")
    consumer = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "consumer"], name="one_answer_per_consumer"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} answered {self.event_id}"
