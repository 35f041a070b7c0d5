"""MLflow servers that Muster reads, and how reading them goes."""

from django.db import models

from registry.secrets import EncryptedTextField


class MLflowServer(models.Model):
    """One address (and workspace) of an MLflow tracking server, made by a platform admin only."""

    slug = models.SlugField(max_length=60, unique=True)
    origin = models.CharField(max_length=300)
    workspace = models.CharField(max_length=120, default="", blank=True)
    username = models.CharField(max_length=120, default="", blank=True)
    password = EncryptedTextField(default="", blank=True)
    token = EncryptedTextField(default="", blank=True)
    ca_certificate = models.TextField(default="", blank=True)  # PEM; the system's when empty
    # With it MLflow's webhooks are believed enough to look sooner, never for what they say.
    webhook_secret = EncryptedTextField(default="", blank=True)

    next_sweep_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    sweeps_completed = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True, blank=True)
    # A source fault is shown as "since 09:14, last values from 08:00": both times are kept.
    fault = models.TextField(default="", blank=True)
    fault_since = models.DateTimeField(null=True, blank=True)
    failures = models.IntegerField(default=0)
    breaker_until = models.DateTimeField(null=True, blank=True)  # only probed until then
    resolved_addresses = models.JSONField(default=list, blank=True)  # audited when they change
    progress = models.JSONField(default=dict, blank=True)  # where a sweep that was cut goes on
    metrics_read_fully_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "workspace"], name="one_server_per_origin_and_workspace"
            ),
        ]
        indexes = [
            # Serves catalogue sync's claim: the next server that is due.
            models.Index(fields=["next_sweep_at"], name="server_due"),
        ]

    def __str__(self) -> str:
        return self.slug


class MLflowDelivery(models.Model):
    """A webhook of MLflow that arrived: repeated deliveries carry the same identity."""

    server = models.ForeignKey(MLflowServer, on_delete=models.CASCADE, related_name="deliveries")
    delivery_id = models.CharField(max_length=200)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "delivery_id"], name="one_row_per_mlflow_delivery"
            ),
        ]

    def __str__(self) -> str:
        return self.delivery_id
