"""What Muster knows about its own health: the heartbeat, and which invariants hold."""

from django.db import models


class Heartbeat(models.Model):
    """One row: when the doorbell last rang, and when the outside last heard that all is well."""

    rung_at = models.DateTimeField(null=True, blank=True)  # by beat, through broker and worker
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # Why the outside was not told at the latest attempt: the parts that do not work.
    withheld = models.JSONField(default=list, blank=True)

    def __str__(self) -> str:
        return f"heartbeat sent {self.sent_at}"


class Invariant(models.Model):
    """One thing that must always hold, and how often it did not at the latest look."""

    name = models.CharField(max_length=60, unique=True)
    checked_at = models.DateTimeField()
    broken = models.IntegerField(default=0)
    broken_since = models.DateTimeField(null=True, blank=True)
    examples = models.JSONField(default=list, blank=True)  # a few, in words for an admin

    def __str__(self) -> str:
        return f"{self.name}: {self.broken} broken"
