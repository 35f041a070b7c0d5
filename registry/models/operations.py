"""Work that takes longer than a request, such as the import of 400 models."""

import uuid

from django.db import models

from registry.models.people import ApiToken, Person


class Operation(models.Model):
    """One long piece of work: claimed with a lease, done row by row, safe to go on or repeat."""

    class Kind(models.TextChoices):
        IMPORT_MLFLOW = "import_mlflow", "Import from MLflow"
        IMPORT_INVENTORY = "import_inventory", "Import of an inventory file"
        BULK_MODELS = "bulk_models", "Many models at once"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40, choices=Kind.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="operations")
    # The rights the work is done with: never more than the token that asked had.
    token = models.ForeignKey(
        ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    request_id = models.CharField(max_length=64, default="", blank=True)
    body = models.JSONField()  # what was asked for
    total = models.IntegerField(default=0)
    results = models.JSONField(default=list, blank=True)  # one object per row that is done
    fault = models.CharField(max_length=1000, default="", blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)

    class Meta:
        indexes = [
            # Serves the claim of the next operation.
            models.Index(
                fields=["created_at"],
                condition=models.Q(finished_at__isnull=True),
                name="operation_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
