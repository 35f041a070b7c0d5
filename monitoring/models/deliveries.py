"""Where messages go, which news is owed, and the messages it travels in, which a sender leases."""

from django.db import models
from django.db.models import Q

from monitoring.models.alerts import Alert, Incident
from monitoring.states import DeliveryState, News, Route
from registry.models import BusinessUnit, Person
from registry.secrets import EncryptedTextField


class Channel(models.Model):
    """One address messages go to: a person's mailbox, or what a unit uses."""

    class Kind(models.TextChoices):
        MAIL = "mail", "Mail"
        WEBHOOK = "webhook", "Signed webhook"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        PAGERDUTY = "pagerduty", "PagerDuty"
        OPSGENIE = "opsgenie", "Opsgenie"
        APPRISE = "apprise", "Apprise"

    class Hears(models.TextChoices):
        ALL = "all", "Everything"
        CRITICAL = "critical", "Critical news only"

    slug = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    unit = models.ForeignKey(
        BusinessUnit, null=True, blank=True, on_delete=models.CASCADE, related_name="channels"
    )
    address = models.CharField(max_length=500)
    hears = models.CharField(max_length=10, choices=Hears.choices, default=Hears.ALL)
    secret = EncryptedTextField(default="", blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.TextField(default="", blank=True)
    # Since when nothing got through, and how the latest attempt failed; both end with a success.
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) ^ Q(unit__isnull=False),
                name="channel_belongs_to_a_person_or_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Thread(models.Model):
    """What a channel called the first message about an incident, so that later ones join it."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="threads")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="threads")
    ref = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "incident"], name="one_thread_per_channel_and_incident"
            ),
        ]

    def __str__(self) -> str:
        return f"thread {self.ref} of channel {self.channel_id}"


class Message(models.Model):
    """What is sent to one channel: one piece of news, or several together; never deleted once sent.

    Until its content is written nothing of it was handed over, and more news may join. Afterwards
    every attempt is the same message with the same key.
    """

    class Kind(models.TextChoices):
        NEWS = "news", "News"  # of one incident
        DIGEST = "digest", "Digest"
        REPORT = "report", "Report"

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NEWS)
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    key = models.CharField(max_length=100, unique=True)
    interrupts = models.BooleanField(default=True)  # counts against the reader's budget
    content = models.JSONField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.OWED
    )
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=300, default="", blank=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [
            # Serves the sender's claim: owed messages that are due, oldest first.
            models.Index(
                fields=["due_at"],
                condition=Q(state=DeliveryState.OWED.value),
                name="message_due",
            ),
            # Serves the watcher: when a message was sent last.
            models.Index(
                fields=["sent_at"], condition=Q(sent_at__isnull=False), name="message_sent"
            ),
            # Serves the sender too: what else is on its way to the same channel.
            models.Index(
                fields=["channel", "id"],
                condition=Q(state=DeliveryState.OWED.value),
                name="messages_on_their_way",
            ),
            # Serves the budget: what interrupted this reader lately.
            models.Index(fields=["channel", "made_at"], name="messages_of_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} to channel {self.channel_id}"


class Delivery(models.Model):
    """One piece of news owed to one channel about one alert; never deleted, also when given up.

    Owed in the transaction of the verdict. Later it is put into a message, alone or with others,
    and ends as that message ends.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=20, choices=News.choices)
    sequence = models.IntegerField()  # order within the alert: a recovery never overtakes
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.OWED
    )
    idempotency_key = models.CharField(max_length=100, unique=True)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    owed_at = models.DateTimeField()
    # While it waits for a message: not before this moment, in this way, and why.
    due_at = models.DateTimeField()
    route = models.CharField(max_length=10, choices=Route.choices, default=Route.NOW)
    held = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "channel", "kind", "sequence"], name="one_delivery_per_news"
            ),
        ]
        indexes = [
            # Serves the making of messages: owed news that is due and travels in none yet.
            models.Index(
                fields=["channel", "due_at"],
                condition=Q(state=DeliveryState.OWED.value, message=None),
                name="news_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of alert {self.alert_id} to channel {self.channel_id}"
