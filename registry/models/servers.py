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

    next_sweep_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    sweeps_completed = models.BigIntegerField(default=0)
    swept_at = models.DateTimeField(null=True, blank=True)
    # A source fault is shown as "since 09:14, last values from 08:00": both times are kept.
    fault = models.TextField(default="", blank=True)
    fault_since = models.DateTimeField(null=True, blank=True)
    failures = models.IntegerField(default=0)

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
