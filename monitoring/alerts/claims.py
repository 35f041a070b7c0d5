"""Lease messages that are owed, and write what became of them; each write is fenced by the token.

A message and the news it carries end together, in one transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from monitoring import leases
from monitoring.leases import Lease
from monitoring.models import Channel, Delivery, Message, Thread
from monitoring.states import DeliveryState
from registry.clock import MusterNow

CLAIM_ROWS = 3
GIVE_UP_AFTER = timedelta(hours=72)
FEWEST_ATTEMPTS = 10
MOST_ATTEMPTS = 2000  # far beyond what 72 hours of pauses allow: such a row kills its senders
FIRST_PAUSE_SECONDS = 15.0
# After an outage everything is sent within ten minutes, so no pause is longer than this.
LONGEST_PAUSE_SECONDS = 400.0
LONGEST_ASKED_PAUSE_SECONDS = 6 * 3600.0
# What may be in doubt at a channel that fails: each is a message of its own when it works again.
# One more an hour, so that messages its receiver chokes on do not hold up the rest for days.
IN_DOUBT = 2

_CLAIM = """
UPDATE monitoring_message AS m
SET lease_until = muster_now() + make_interval(secs => %(lease)s),
    lease_token = m.lease_token + 1,
    attempts = m.attempts + 1
FROM (
    SELECT owed.id
    FROM monitoring_message owed
    JOIN monitoring_channel channel ON channel.id = owed.channel_id
    WHERE owed.state = 'owed'
      AND owed.due_at <= muster_now()
      AND (owed.lease_until IS NULL OR owed.lease_until <= muster_now())
      AND owed.channel_id <> ALL(%(channels)s)
      AND channel.kind <> ALL(%(kinds)s)
      AND (channel.failing_since IS NULL
        OR channel.disabled_at IS NOT NULL
        OR owed.content IS NOT NULL
        OR (owed.id = (
              SELECT min(next.id) FROM monitoring_message next
              WHERE next.channel_id = owed.channel_id AND next.state = 'owed'
                AND next.content IS NULL)
            AND (SELECT count(*) FROM monitoring_message doubtful
                 WHERE doubtful.channel_id = owed.channel_id AND doubtful.state = 'owed'
                   AND doubtful.content IS NOT NULL)
                < %(in_doubt)s
                  + extract(epoch FROM muster_now() - channel.failing_since) / 3600))
      AND NOT EXISTS (
          SELECT 1 FROM monitoring_message earlier
          WHERE earlier.channel_id = owed.channel_id AND earlier.state = 'owed'
            AND earlier.incident_id = owed.incident_id AND earlier.id < owed.id)
      AND NOT EXISTS (
          SELECT 1 FROM monitoring_delivery mine
          JOIN monitoring_delivery before
            ON before.alert_id = mine.alert_id AND before.channel_id = mine.channel_id
           AND before.sequence < mine.sequence AND before.state = 'owed'
           AND before.message_id <> owed.id
          WHERE mine.message_id = owed.id)
    ORDER BY owed.due_at, owed.id
    LIMIT %(rows)s
    FOR UPDATE OF owed SKIP LOCKED
) AS chosen
WHERE m.id = chosen.id
RETURNING m.id, m.lease_token, m.attempts, muster_now()
"""


@dataclass(frozen=True)
class Claim:
    """One leased message; whoever holds an older token can no longer write."""

    message_id: int
    token: int
    attempts: int
    at: datetime

    @property
    def lease(self) -> Lease:
        """Return what a heartbeat extends."""
        return Lease(self.message_id, self.token)


def claim(*, skip_channels: Collection[int] = (), skip_kinds: Collection[str] = ()) -> list[Claim]:
    """Lease the next messages that are due, in order within each alert and incident.

    A channel through which nothing gets is only tried with its oldest message.
    """
    values: dict[str, Any] = {
        "lease": leases.LEASE_SECONDS,
        "channels": list(skip_channels),
        "kinds": list(skip_kinds),
        "rows": CLAIM_ROWS,
        "in_doubt": IN_DOUBT,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        return [Claim(*row) for row in sorted(cursor.fetchall())]


def freeze(claimed: Claim, content: dict[str, Any]) -> bool:
    """Keep what every attempt will hand over; from now on no other news joins the message."""
    return bool(_held(claimed).filter(content__isnull=True).update(content=content))


def mark_sent(claimed: Claim, message: Message, *, receipt: str, ref: str = "") -> bool:
    """Record that the channel took the message; False when somebody else holds the lease."""
    with transaction.atomic():
        sent = _held(claimed).update(
            state=DeliveryState.SENT,
            lease_until=None,
            sent_at=MusterNow(),
            receipt=receipt[:300],
            error="",
        )
        if sent:
            _end_news(claimed, DeliveryState.SENT)
            if ref and message.incident_id is not None:
                Thread.objects.get_or_create(
                    channel_id=message.channel_id,
                    incident_id=message.incident_id,
                    defaults={"ref": ref[:300]},
                )
    if sent:
        # By itself, for others lock the channel first and its messages then.
        failing = Channel.objects.filter(pk=message.channel_id, failing_since__isnull=False)
        failing.update(failing_since=None, failure="")
    return bool(sent)


def mark_dead(claimed: Claim, *, error: str) -> bool:
    """Give the message up for good, and keep it."""
    with transaction.atomic():
        dead = _held(claimed).update(state=DeliveryState.DEAD, lease_until=None, error=error[:2000])
        if dead:
            _end_news(claimed, DeliveryState.DEAD)
    return bool(dead)


def put_off(claimed: Claim, *, error: str, pause: timedelta, untouched: bool = False) -> bool:
    """Try again after the pause; `untouched`: nobody has seen any of it, so more news may join."""
    changes: dict[str, Any] = {"content": None} if untouched else {}
    return bool(
        _held(claimed).update(
            lease_until=None, due_at=MusterNow() + pause, error=error[:2000], **changes
        )
    )


def note_failure(channel_id: int, error: str) -> None:
    """Remember since when nothing gets through to the channel."""
    Channel.objects.filter(pk=channel_id).update(
        failing_since=Coalesce("failing_since", MusterNow()), failure=error[:2000]
    )


def hand_back(claimed: Claim) -> bool:
    """Let somebody else send a message that was leased and not tried."""
    return bool(_held(claimed).update(lease_until=None, attempts=F("attempts") - 1))


def pause_after(attempts: int, *, key: str, asked: float | None = None) -> timedelta:
    """Return how long to wait: doubling, capped, spread by a quarter, never less than asked for.

    The spread comes from the key: deterministic, and different for each message.
    """
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 20), LONGEST_PAUSE_SECONDS)
    share = sha256(f"{key}:{attempts}".encode()).digest()[0] / 255
    pause *= 0.75 + share / 2
    return timedelta(seconds=max(pause, min(asked or 0.0, LONGEST_ASKED_PAUSE_SECONDS)))


def _held(claimed: Claim) -> QuerySet[Message]:
    return Message.objects.filter(
        pk=claimed.message_id, lease_token=claimed.token, state=DeliveryState.OWED
    )


def _end_news(claimed: Claim, state: str) -> None:
    owed = Delivery.objects.filter(message=claimed.message_id, state=DeliveryState.OWED)
    owed.update(state=state)
