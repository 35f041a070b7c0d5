"""Lease owed messages, and write what became of them; every write is fenced by the token."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet

from monitoring import leases
from monitoring.leases import Lease
from monitoring.models import Delivery
from monitoring.states import DeliveryState
from registry.clock import MusterNow

CLAIM_ROWS = 3
GIVE_UP_AFTER = timedelta(hours=72)
FEWEST_ATTEMPTS = 10
MOST_ATTEMPTS = 2000  # far beyond what 72 hours of pauses allow: such a row kills its senders
FIRST_PAUSE_SECONDS = 15.0
# After an outage everything is sent within ten minutes, so no pause is longer than this.
LONGEST_PAUSE_SECONDS = 480.0
LONGEST_ASKED_PAUSE_SECONDS = 6 * 3600.0

_CLAIM = """
UPDATE monitoring_delivery AS d
SET lease_until = muster_now() + make_interval(secs => %(lease)s),
    lease_token = d.lease_token + 1,
    attempts = d.attempts + 1
FROM (
    SELECT owed.id
    FROM monitoring_delivery owed
    JOIN monitoring_channel channel ON channel.id = owed.channel_id
    WHERE owed.state = 'owed'
      AND owed.due_at <= muster_now()
      AND (owed.lease_until IS NULL OR owed.lease_until <= muster_now())
      AND owed.channel_id <> ALL(%(channels)s)
      AND channel.kind <> ALL(%(kinds)s)
      AND NOT EXISTS (
          SELECT 1 FROM monitoring_delivery earlier
          WHERE earlier.alert_id = owed.alert_id
            AND earlier.channel_id = owed.channel_id
            AND earlier.sequence < owed.sequence
            AND earlier.state = 'owed')
    ORDER BY owed.due_at, owed.id
    LIMIT %(rows)s
    FOR UPDATE OF owed SKIP LOCKED
) AS chosen
WHERE d.id = chosen.id
RETURNING d.id, d.lease_token, d.attempts, muster_now()
"""


@dataclass(frozen=True)
class Claim:
    """One leased message; whoever holds an older token can no longer write."""

    delivery_id: int
    token: int
    attempts: int
    at: datetime

    @property
    def lease(self) -> Lease:
        """Return what a heartbeat extends."""
        return Lease(self.delivery_id, self.token)


def claim(*, skip_channels: Collection[int] = (), skip_kinds: Collection[str] = ()) -> list[Claim]:
    """Lease the next messages that are due, in order within each alert and channel."""
    values: dict[str, Any] = {
        "lease": leases.LEASE_SECONDS,
        "channels": list(skip_channels),
        "kinds": list(skip_kinds),
        "rows": CLAIM_ROWS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        return [Claim(*row) for row in sorted(cursor.fetchall())]


def mark_sent(claimed: Claim, *, receipt: str) -> bool:
    """Record that the channel took the message; False when somebody else holds the lease."""
    sent = _held(claimed).update(
        state=DeliveryState.SENT,
        lease_until=None,
        sent_at=MusterNow(),
        receipt=receipt[:300],
        error="",
    )
    return bool(sent)


def mark_dead(claimed: Claim, *, error: str) -> bool:
    """Give the message up for good, and keep it."""
    return bool(
        _held(claimed).update(state=DeliveryState.DEAD, lease_until=None, error=error[:2000])
    )


def put_off(claimed: Claim, *, error: str, pause: timedelta) -> bool:
    """Try again after the pause."""
    return bool(
        _held(claimed).update(lease_until=None, due_at=MusterNow() + pause, error=error[:2000])
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


def _held(claimed: Claim) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        pk=claimed.delivery_id, lease_token=claimed.token, state=DeliveryState.OWED
    )
