"""Owe news: one row for each channel and piece of it; the sender puts the rows into messages."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.alerts import recipients
from monitoring.models import Alert, Channel, Delivery
from monitoring.states import DeliveryState, News

FIRING, RESOLVED = News.FIRING.value, News.RESOLVED.value
# The order within an alert and a channel: the alarm first, the recovery last, and what is told
# meanwhile by the seconds that have passed.
_FIRST, _LAST = 1, 2_100_000_000


def owe_firing(alert: Alert, *, at: datetime) -> int:
    """Owe the news that the alert fires to everybody who is told about its model.

    Many models can share a cause (an MLflow server): the news of all of them is owed, and
    travels in one message.
    """
    return owe(alert, FIRING, recipients.channels_for(alert.model), at=at)


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
            sequence=_sequence(alert, kind, at=at),
            idempotency_key=f"alert-{alert.pk}-{channel.pk}-{kind}",
            owed_at=at,
            due_at=at,
        )
        for channel in channels
    ]
    # A run applied twice owes nothing twice: the database holds one row per piece of news.
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _sequence(alert: Alert, kind: str, *, at: datetime) -> int:
    if kind == FIRING:
        return _FIRST
    if kind == RESOLVED:
        return _LAST
    passed = int((at - alert.opened_at).total_seconds())
    return min(max(passed, 0) + _FIRST + 1, _LAST - 1)
