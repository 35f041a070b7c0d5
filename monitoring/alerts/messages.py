"""Put news that is due into messages: one a channel and incident; after an outage, one digest.

Each channel is one transaction, under a lock of its own. A message that is on its way already
takes more news as long as nobody has composed it; the token moves on with each that joins, so
that a sender who holds an old lease cannot freeze a content without it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet

from monitoring import chaos
from monitoring.models import Delivery, Message
from monitoring.states import DeliveryState, Route
from registry.clock import MusterNow

_LOCK_CLASS = 7233804  # our own number for the advisory lock "messages of one channel"
# What waits this long could not be sent: more than a few are told together when it can.
OVERDUE = timedelta(minutes=10)
FEW = 2


def make_due(*, at: datetime) -> int:
    """Put all news that is due into messages; return for how much news."""
    waiting = Delivery.objects.filter(
        state=DeliveryState.OWED, message=None, due_at__lte=MusterNow()
    )
    channels = list(waiting.order_by("channel").values_list("channel", flat=True).distinct())
    return sum(_make(channel, at=at) for channel in channels)


def fold_overdue() -> int:
    """Fold what an outage has piled up into one digest a channel; return how many channels."""
    piled = (
        _open_messages()
        .filter(made_at__lte=MusterNow() - OVERDUE, channel__failing_since=None)
        .order_by()
        .values("channel")
        .annotate(n=Count("pk"))
        .filter(n__gt=FEW)
    )
    return sum(_fold(channel) for channel in piled.values_list("channel", flat=True))


def _make(channel_id: int, *, at: datetime) -> int:
    with transaction.atomic():
        if not _lock(channel_id):
            return 0  # Somebody else is at it.
        news = list(
            Delivery.objects.filter(
                channel=channel_id, state=DeliveryState.OWED, message=None, due_at__lte=MusterNow()
            )
            .select_related("alert__incident", "channel")
            .order_by("owed_at", "pk")
        )
        by_incident: dict[int, list[Delivery]] = {}
        for one in news:
            by_incident.setdefault(one.alert.incident_id, []).append(one)
        for incident_id, together in by_incident.items():
            _put_into(_message(channel_id, Message.Kind.NEWS, incident_id), together)
    chaos.point("messages.made")
    return len(news)


def _message(channel_id: int, kind: str, incident_id: int | None) -> Message:
    """Return the message that takes the news: one that waits still, or a new one."""
    found = (
        _open_messages()
        .filter(channel=channel_id, kind=kind, incident=incident_id)
        .select_for_update()
        .order_by("pk")
        .first()
    )
    if found is not None:
        Message.objects.filter(pk=found.pk).update(lease_token=F("lease_token") + 1)
        return found
    return Message.objects.create(
        channel_id=channel_id,
        kind=kind,
        incident_id=incident_id,
        key=f"{kind}-{uuid4().hex}",
        interrupts=kind == Message.Kind.NEWS,
        made_at=MusterNow(),
        due_at=MusterNow(),
    )


def _put_into(message: Message, news: Sequence[Delivery]) -> None:
    Delivery.objects.filter(pk__in=[one.pk for one in news]).update(message=message)


def _fold(channel_id: int) -> int:
    with transaction.atomic():
        if not _lock(channel_id):
            return 0
        piled = list(
            _open_messages()
            .filter(channel=channel_id)
            .select_for_update(skip_locked=True)
            .order_by("pk")
        )
        if len(piled) <= FEW:
            return 0
        digest = _message(channel_id, Message.Kind.DIGEST, None)
        folded = [message.pk for message in piled if message.pk != digest.pk]
        waiting = Q(message__in=folded) | Q(message=None, route=Route.DIGEST)
        owed = Delivery.objects.filter(channel=channel_id, state=DeliveryState.OWED)
        owed.filter(waiting).update(message=digest)
        _delete_empty(folded)
    chaos.point("messages.folded")
    return 1


def _delete_empty(messages: Iterable[int]) -> None:
    # Nothing of them was ever handed over, so no receiver knows their keys.
    Message.objects.filter(pk__in=list(messages), content__isnull=True).delete()


def _open_messages() -> QuerySet[Message]:
    """Return the messages that more news may join."""
    return Message.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=MusterNow()),
        state=DeliveryState.OWED,
        content__isnull=True,
        kind__in=[Message.Kind.NEWS, Message.Kind.DIGEST],
    )


def _lock(channel_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, channel_id])
        (got,) = cursor.fetchone()
    return bool(got)
