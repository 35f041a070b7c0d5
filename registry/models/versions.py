"""What MLflow knows of a model: its source, versions and aliases, and when they moved."""

from django.db import models

from registry.models.models import RegisteredModel
from registry.models.people import Person
from registry.models.servers import MLflowServer


class SourceModel(models.Model):
    """A registered model as one MLflow server shows it.

    Identity is server, name and creation time: a rename keeps the row, delete and recreate
    under the same name makes a new one.
    """

    class Presence(models.TextChoices):
        PRESENT = "present", "Present"
        MISSING = "missing", "Missing"
        FORBIDDEN = "forbidden", "Not readable with our credentials"

    server = models.ForeignKey(MLflowServer, on_delete=models.PROTECT, related_name="source_models")
    name = models.CharField(max_length=300)
    created_ms = models.BigIntegerField()
    registered_model = models.ForeignKey(
        RegisteredModel,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="source_models",
    )
    tied_at = models.DateTimeField(null=True, blank=True)  # first, to any record
    presence = models.CharField(max_length=20, choices=Presence.choices, default=Presence.PRESENT)
    description = models.TextField(default="", blank=True)
    tags = models.JSONField(default=dict, blank=True)
    aliases = models.JSONField(default=dict, blank=True)  # {"champion": 3}
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    absent_sweeps = models.IntegerField(default=0)
    # Somebody decided that this model needs no record here, and said why.
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    dismiss_reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "name", "created_ms"], name="one_source_model_per_creation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.server_id}"


class ModelVersion(models.Model):
    """A version of a source model with what its training run recorded."""

    source_model = models.ForeignKey(SourceModel, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    run_id = models.CharField(max_length=64, default="", blank=True)
    source = models.CharField(max_length=1000, default="", blank=True)
    mlflow_model_id = models.CharField(max_length=80, default="", blank=True)
    status = models.CharField(max_length=40, default="", blank=True)
    description = models.TextField(default="", blank=True)
    tags = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    # From the run and its artifacts; read once after the version appears, then kept.
    run_tags = models.JSONField(default=dict, blank=True)
    params = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)  # {key: {"value": "0.91", "at": iso}}
    signature = models.JSONField(default=dict, blank=True)
    datasets = models.JSONField(default=list, blank=True)  # [{"name", "digest", "context"}]
    files = models.JSONField(default=dict, blank=True)  # {path: {"size": int, "digest": sha256}}
    documents = models.JSONField(default=dict, blank=True)  # {"muster/oot.json": {...}}
    digest = models.CharField(max_length=64, default="", blank=True)  # over `files`
    evidence_read_at = models.DateTimeField(null=True, blank=True)
    evidence_fault = models.TextField(default="", blank=True)
    # When the last look at the points of its run began; what is not there by then is absent.
    points_read_at = models.DateTimeField(null=True, blank=True)

    # Integrity: the files are read again on a schedule and compared with `files`.
    next_integrity_at = models.DateTimeField(null=True, blank=True)
    integrity_checked_at = models.DateTimeField(null=True, blank=True)
    integrity_faults = models.JSONField(default=dict, blank=True)  # {kind of event: its detail}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_model", "number"], name="one_version_per_number"
            ),
        ]
        indexes = [
            # Serves the sync's question which version a run belongs to.
            models.Index(fields=["run_id"], name="version_by_run"),
        ]

    def __str__(self) -> str:
        return f"v{self.number} of {self.source_model_id}"


class AliasEvent(models.Model):
    """An alias that came, moved or went, with the time we saw it; who did it is often unknown."""

    source_model = models.ForeignKey(
        SourceModel, on_delete=models.CASCADE, related_name="alias_events"
    )
    alias = models.CharField(max_length=255)
    from_number = models.IntegerField(null=True, blank=True)
    to_number = models.IntegerField(null=True, blank=True)
    seen_at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        indexes = [
            # Serves "who was champion when".
            models.Index(fields=["source_model", "alias", "seen_at"], name="alias_as_of"),
        ]

    def __str__(self) -> str:
        return f"{self.alias}: {self.from_number} to {self.to_number} on {self.source_model_id}"
