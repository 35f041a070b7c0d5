"""Where messages go and which are owed; a delivery is a row that a sender leases."""

from django.db import models
from django.db.models import Q

from monitoring.models.alerts import Alert
from monitoring.states import DeliveryState
from registry.models import BusinessUnit, Person
from registry.secrets import EncryptedTextField


class Channel(models.Model):
    """One address messages go to: a person's mailbox or a unit's signed webhook."""

    class Kind(models.TextChoices):
        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Signed webhook"

    slug = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    unit = models.ForeignKey(
        BusinessUnit, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    address = models.CharField(max_length=500)
    secret = EncryptedTextField(default="", blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) ^ Q(unit__isnull=False),
                name="channel_belongs_to_a_person_or_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Delivery(models.Model):
    """One message owed to one channel about one alert; never deleted, also when given up."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=20)  # firing, resolved
    sequence = models.IntegerField()  # order within the alert: a recovery never overtakes
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.OWED
    )
    idempotency_key = models.CharField(max_length=100, unique=True)
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=300, default="", blank=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "channel", "kind", "sequence"], name="one_delivery_per_news"
            ),
        ]
        indexes = [
            # Serves the sender's claim: owed messages that are due, oldest first.
            models.Index(
                fields=["due_at"],
                condition=Q(state=DeliveryState.OWED.value),
                name="delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of alert {self.alert_id} to channel {self.channel_id}"
