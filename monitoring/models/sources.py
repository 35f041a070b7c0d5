"""Where a model's batches and labels land, and what has landed."""

from django.db import models

from registry.models import Person, RegisteredModel
from registry.secrets import EncryptedTextField


class Source(models.Model):
    """Where batches and labels come from: a folder, uploads, a query, or runs in MLflow.

    A folder is any fsspec address under MUSTER_SOURCE_ROOTS. What was uploaded, queried or logged
    in a run lies under MUSTER_DATA_DIR, and from there on is treated like a file that landed.
    """

    class Kind(models.TextChoices):
        FOLDER = "folder", "Folder"
        UPLOAD = "upload", "Upload"
        SQL = "sql", "SQL query"
        MLFLOW = "mlflow", "Runs in MLflow"

    class Format(models.TextChoices):
        PARQUET = "parquet", "Parquet"
        CSV = "csv", "CSV"
        ARROW = "arrow", "Arrow IPC"
        JSONL = "jsonl", "JSON lines"
        TABLE = "table", "Table of MLflow (JSON)"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FOLDER)
    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="sources")
    name = models.SlugField(max_length=60)
    # A folder; of runs in MLflow the experiment, '' for the one the champion was trained in.
    address = models.CharField(max_length=1000, default="", blank=True)
    format = models.CharField(max_length=10, choices=Format.choices, default=Format.PARQUET)
    # Of a query: for each window {start} and {end} are bound, never pasted, into the text.
    query = models.TextField(default="", blank=True)
    labels_query = models.TextField(default="", blank=True)
    # Of runs in MLflow: a file that each logs, or `dataset:<context>` for a dataset it logs.
    artifact = models.CharField(max_length=250, default="", blank=True)
    labels_artifact = models.CharField(max_length=250, default="", blank=True)
    secret = EncryptedTextField(default="", blank=True)  # address with password, or S3 keys
    # Who looks after the pipeline hears of its faults first; nobody named: the model's owner.
    owner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="pipelines"
    )

    next_scan_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    scanned_at = models.DateTimeField(null=True, blank=True)
    fault = models.TextField(default="", blank=True)
    fault_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "name"], name="one_source_per_name"),
        ]
        indexes = [
            # Serves the scan's claim: the next source that is due.
            models.Index(fields=["next_scan_at"], name="source_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.model.slug}"


class Batch(models.Model):
    """One file of prediction requests for one window, as it was when it was first seen."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="batches")
    window_start = models.DateTimeField()
    path = models.CharField(max_length=1200)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    format = models.CharField(max_length=10, default="", blank=True)  # '': as the source says
    landed_at = models.DateTimeField()
    # What the file system said of the file when it was digested: unchanged, it is not read again.
    modified = models.CharField(max_length=60, default="", blank=True)
    origin = models.JSONField(default=dict, blank=True)  # the run in MLflow that it came from
    file_deleted_at = models.DateTimeField(null=True, blank=True)  # for its age; the row stays

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "window_start", "digest"], name="one_batch_per_content"
            ),
        ]

    @property
    def written_as(self) -> str:
        """The format of the file: its own, or else its source's."""
        return self.format or self.source.format

    def __str__(self) -> str:
        return f"batch {self.window_start:%Y-%m-%d} of {self.source_id}"


class LabelSet(models.Model):
    """One file of labels; a name that is a window's start covers that window, others may any."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="label_sets")
    name = models.CharField(max_length=200)
    window_start = models.DateTimeField(null=True, blank=True)
    path = models.CharField(max_length=1200)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    format = models.CharField(max_length=10, default="", blank=True)  # '': as the source says
    landed_at = models.DateTimeField()
    # What the file system said of the file when it was digested: unchanged, it is not read again.
    modified = models.CharField(max_length=60, default="", blank=True)
    origin = models.JSONField(default=dict, blank=True)  # the run in MLflow that it came from
    file_deleted_at = models.DateTimeField(null=True, blank=True)  # for its age; the row stays

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "name", "digest"], name="one_label_set_per_content"
            ),
        ]

    @property
    def written_as(self) -> str:
        """The format of the file: its own, or else its source's."""
        return self.format or self.source.format

    def __str__(self) -> str:
        return f"labels {self.name} of {self.source_id}"
