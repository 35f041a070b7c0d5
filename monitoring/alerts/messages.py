"""Put news that is due into messages: one a channel and incident; after an outage, one digest.

The stages say of each piece of news whether it goes now, waits, or goes into a digest. Each
channel is one transaction, under a lock of its own. A message that is on its way already takes
more news as long as nobody has composed it; the token moves on with each that joins, so that a
sender who holds an old lease cannot freeze a content without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from monitoring import chaos
from monitoring.alerts import readers, stages
from monitoring.alerts.readers import Surroundings
from monitoring.alerts.stages import Decision
from monitoring.models import Delivery, Incident, Message
from monitoring.states import DeliveryState, Route
from registry import clock
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
    """Fold what an outage has piled up into one digest a channel; return how many channels.

    While something of a failing channel may have arrived, nothing is folded: the digest would
    become such a thing itself, and another one would have to follow it.
    """
    doubtful = Message.objects.filter(
        channel=OuterRef("channel"), state=DeliveryState.OWED, content__isnull=False
    )
    piled = (
        _open_messages()
        .filter(Q(channel__failing_since=None) | ~Exists(doubtful))
        .order_by()
        .values("channel")
        .annotate(
            n=Count("pk"),
            oldest=Min("made_at"),
            digests=Count("pk", filter=Q(kind=Message.Kind.DIGEST)),
        )
        .filter(Q(n__gt=FEW) | Q(n__gt=1, digests__gt=0), oldest__lte=clock.now() - OVERDUE)
    )
    return sum(_fold(channel) for channel in piled.values_list("channel", flat=True))


def release(incident: Incident) -> int:
    """Let what is held of an incident be looked at anew; what is for a digest goes on waiting."""
    held = Delivery.objects.filter(
        alert__incident=incident,
        state=DeliveryState.OWED,
        message=None,
        route=Route.NOW,
        due_at__gt=MusterNow(),
    )
    return held.update(due_at=MusterNow())


def _make(channel_id: int, *, at: datetime) -> int:
    made = 0
    with transaction.atomic():
        if not _lock(channel_id):
            return 0  # Somebody else is at it.
        news = list(
            Delivery.objects.filter(
                channel=channel_id, state=DeliveryState.OWED, message=None, due_at__lte=MusterNow()
            )
            .select_related("alert__incident", "alert__model__unit", "channel__person")
            .order_by("owed_at", "pk")
        )
        if not news:
            return 0
        around = readers.gather(news[0].channel, news, at=at)
        by_incident: dict[int, list[Delivery]] = {}
        for one in news:
            by_incident.setdefault(one.alert.incident_id, []).append(one)
        # What is urgent first: what is left of a budget is for the rest.
        for together in sorted(by_incident.values(), key=lambda found: not _urgent(found, around)):
            made += _place(together, around, at=at)
    chaos.point("messages.made")
    return made


def _urgent(news: Sequence[Delivery], around: Surroundings) -> bool:
    return any(around.facts(one).urgent for one in news)


def _place(news: Sequence[Delivery], around: Surroundings, *, at: datetime) -> int:
    """Put the news of one incident where the stages say; return how much goes now."""
    channel_id, incident_id = news[0].channel_id, news[0].alert.incident_id
    waiting = _waiting_for_digest(news)
    decisions = [(one, _decide(one, around, waiting, at=at)) for one in news]
    goes = any(decision.route == "now" for _, decision in decisions)
    joins = _waiting_message(channel_id, Message.Kind.NEWS, incident_id) is not None
    now, digest = [], []
    for one, decision in decisions:
        # Whoever is told of the case now, or hears of it in a moment, is told all that is due.
        rides = (goes or joins) and decision.why and not decision.asked_for
        if decision.route == "now" or rides:
            now.append(one)
        elif decision.goes:
            digest.append(one)
        else:
            _hold(one, decision)
    if now:
        message = _message(channel_id, Message.Kind.NEWS, incident_id)
        if not joins and around.reader.person:
            around.interrupted.append(at)
        _put_into(message, [*now, *_held_before(now)])
    if digest:
        _put_into(_message(channel_id, Message.Kind.DIGEST, None), digest)
    return len(now) + len(digest)


def _decide(
    one: Delivery, around: Surroundings, waiting: Mapping[int, Delivery], *, at: datetime
) -> Decision:
    earlier = waiting.get(one.alert_id)
    if earlier is not None:
        # Its beginning waits for the digest: what came of it is told there too.
        return Decision("digest", earlier.due_at, earlier.held)
    return stages.decide(
        around.facts(one), around.reader, around.waits, interrupted=around.interrupted, at=at
    )


def _waiting_for_digest(news: Sequence[Delivery]) -> dict[int, Delivery]:
    """Return the news about the same alerts that waits for a later digest, by alert."""
    waiting = Delivery.objects.filter(
        channel=news[0].channel_id,
        alert__in={one.alert_id for one in news},
        state=DeliveryState.OWED,
        message=None,
        route=Route.DIGEST,
        due_at__gt=MusterNow(),
    )
    return {one.alert_id: one for one in waiting}


def _held_before(news: Sequence[Delivery]) -> list[Delivery]:
    """Return the held news about the same alerts: nobody hears the end before the beginning."""
    held = Delivery.objects.filter(
        channel=news[0].channel_id,
        alert__in={one.alert_id for one in news},
        state=DeliveryState.OWED,
        message=None,
    )
    return list(held.exclude(pk__in=[one.pk for one in news]))


def _hold(one: Delivery, decision: Decision) -> None:
    route = Route.DIGEST if decision.route == "digest" else Route.NOW
    Delivery.objects.filter(pk=one.pk).update(
        due_at=decision.until, route=route, held=decision.why[:300]
    )


def _waiting_message(channel_id: int, kind: str, incident_id: int | None) -> Message | None:
    waiting = _open_messages().filter(channel=channel_id, kind=kind, incident=incident_id)
    return waiting.select_for_update().order_by("pk").first()


def _message(channel_id: int, kind: str, incident_id: int | None) -> Message:
    """Return the message that takes the news: one that waits still, or a new one."""
    found = _waiting_message(channel_id, kind, incident_id)
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
        if len(piled) < FEW:
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
