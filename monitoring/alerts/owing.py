"""Owe messages: one row for each channel and piece of news; the sender works the rows off."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.alerts import recipients
from monitoring.models import Alert, Channel, Delivery
from monitoring.states import DeliveryState

FIRING, RESOLVED = "firing", "resolved"
# The order within an alert and a channel: a recovery never overtakes the alarm.
_SEQUENCE = {FIRING: 1, RESOLVED: 2}


def owe_firing(alert: Alert, *, at: datetime) -> int:
    """Owe the news that the alert fires to everybody who is told about its model.

    A cause that many models share (an MLflow server) is told once to each channel, not once a
    model: two hundred models on one dead server are one piece of news.
    """
    channels = recipients.channels_for(alert.model)
    if alert.incident.cause.startswith("mlflow:"):
        told = set(
            Delivery.objects.filter(alert__incident=alert.incident, kind=FIRING).values_list(
                "channel_id", flat=True
            )
        )
        channels = [channel for channel in channels if channel.pk not in told]
    return owe(alert, FIRING, channels, at=at)


def owe_resolved(alert: Alert, *, at: datetime) -> int:
    """Owe the news that it is over to whoever was told that it began."""
    channels = Channel.objects.filter(
        deliveries__alert=alert, deliveries__kind=FIRING, disabled_at=None
    ).distinct()
    return owe(alert, RESOLVED, channels, at=at)


def owe_instead(alert: Alert, *, at: datetime) -> int:
    """Owe the news to whoever stands in for the people that could not be reached."""
    failed = Delivery.objects.filter(alert=alert, kind=FIRING, state=DeliveryState.DEAD)
    people = recipients.instead_of(
        alert.model, failed=set(failed.values_list("channel__person_id", flat=True))
    )
    return owe(alert, FIRING, recipients.mailboxes(people), at=at)


def owe(alert: Alert, kind: str, channels: Iterable[Channel], *, at: datetime) -> int:
    """Insert the rows that are not there yet; return how many channels are told."""
    rows = [
        Delivery(
            alert=alert,
            channel=channel,
            kind=kind,
            sequence=_SEQUENCE[kind],
            idempotency_key=f"alert-{alert.pk}-{channel.pk}-{kind}",
            owed_at=at,
            due_at=at,
        )
        for channel in channels
    ]
    # A run applied twice owes nothing twice: the database holds one row per piece of news.
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
