"""Who changed what, when and why: append-only, chained so that tampering shows."""

from django.db import models

from registry.models.people import BusinessUnit, Person


class AuditEvent(models.Model):
    """One change or human decision, written in the transaction of the change. Insert-only."""

    at = models.DateTimeField()
    actor = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT)
    actor_label = models.CharField(max_length=200)  # stays readable: "ana@… (token ci)", "sweep"
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=300)
    unit = models.ForeignKey(BusinessUnit, null=True, blank=True, on_delete=models.PROTECT)
    request_id = models.CharField(max_length=64, default="", blank=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [
            # Serves the audit list of one object on its page.
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_of_object"),
            # Serves the audit list of one unit.
            models.Index(fields=["unit", "-id"], name="audit_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_label} ({self.pk})"


class AuditLink(models.Model):
    """The chain over the audit events: a deferred trigger appends one link an event at commit.

    A table of its own, so that neither it nor the events ever need an update (ADR 0002).
    """

    sequence = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="link")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"link {self.sequence}"
