"""Owe news: one row for each channel and piece of it; the sender puts the rows into messages."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from monitoring.alerts import recipients
from monitoring.models import Alert, Channel, Delivery, Incident
from monitoring.states import DeliveryState, News
from registry.models import Person

FIRING, RESOLVED = News.FIRING.value, News.RESOLVED.value
# The order within an alert and a channel: the alarm first, the recovery last, and what is told
# meanwhile by the seconds that have passed.
_FIRST, _LAST = 1, 2_100_000_000
_ALARMS = (FIRING, News.ESCALATED.value)
# Where an incident has a state of its own, which an acknowledgment changes.
_SHOW_STATES = (Channel.Kind.SLACK, Channel.Kind.PAGERDUTY, Channel.Kind.OPSGENIE)


def owe_firing(alert: Alert, *, at: datetime) -> int:
    """Owe the news that the alert fires to everybody who is told about its model.

    Many models can share a cause (an MLflow server): the news of all of them is owed, and
    travels in one message.
    """
    # Who hears of it next, and when, may be another question now.
    later = Q(attend_at=None) | Q(attend_at__gt=at)
    Incident.objects.filter(later, pk=alert.incident_id).update(attend_at=at)
    return owe(alert, FIRING, recipients.channels_for(alert), at=at)


def owe_resolved(alert: Alert, *, at: datetime) -> int:
    """Owe the news that it is over to whoever was told that it began."""
    return owe(alert, RESOLVED, told(alert), at=at)


def owe_acknowledged(alert: Alert, *, at: datetime) -> int:
    """Owe the news that somebody is on it to the channels that show it as a state."""
    return owe(alert, News.ACKNOWLEDGED, told(alert).filter(kind__in=_SHOW_STATES), at=at)


def owe_reminder(alert: Alert, *, at: datetime) -> int:
    """Owe the people who were told a line in their next digest."""
    return owe(alert, News.REMINDER, told(alert).filter(person__isnull=False), at=at)


def owe_escalated(alert: Alert, people: Iterable[Person], *, at: datetime) -> int:
    """Owe the news that nobody has acknowledged the alert to whom it is passed on."""
    return owe(alert, News.ESCALATED, recipients.mailboxes(people), at=at)


def owe_assigned(alert: Alert, person: Person, *, at: datetime) -> int:
    """Owe the alert to whom its incident was given, unless it was told them before."""
    channels = [recipients.mailbox(person)]
    known = set(told(alert).values_list("pk", flat=True))
    return owe(alert, FIRING, [one for one in channels if one.pk not in known], at=at)


def told(alert: Alert) -> QuerySet[Channel]:
    """Return the channels that have heard, or will hear, that the alert fires."""
    rows = Delivery.objects.filter(alert=alert, kind__in=_ALARMS).values("channel")
    return Channel.objects.filter(pk__in=rows, disabled_at=None)


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
            idempotency_key=_key(alert, channel, kind, at=at),
            owed_at=at,
            due_at=at,
        )
        for channel in channels
    ]
    # A run applied twice owes nothing twice: the database holds one row per piece of news.
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _key(alert: Alert, channel: Channel, kind: str, *, at: datetime) -> str:
    key = f"alert-{alert.pk}-{channel.pk}-{kind}"
    # An alarm and its end come once; what is told meanwhile may come again.
    return key if kind in (FIRING, RESOLVED) else f"{key}-{_sequence(alert, kind, at=at)}"


def _sequence(alert: Alert, kind: str, *, at: datetime) -> int:
    if kind == FIRING:
        return _FIRST
    if kind == RESOLVED:
        return _LAST
    passed = int((at - alert.opened_at).total_seconds())
    return min(max(passed, 0) + _FIRST + 1, _LAST - 1)
