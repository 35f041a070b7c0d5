"""Tell the outside each minute that all of Muster works, and keep silent when a part does not.

The switch is the other way round: somebody outside who hears nothing raises the alarm, so that
it works when nothing of Muster does. What is told went the whole way: beat, broker and worker
leave the mark of the doorbell in the database, the web answers, the mail server too, and work
that is due goes on.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from celery import shared_task
from django.conf import settings
from django.db import connection

from config import parts
from monitoring.chaos import point
from monitoring.models import Heartbeat
from registry import clock, outbound
from registry.clock import MusterNow

logger = logging.getLogger(__name__)

_SECONDS = 10.0
# The next one is due a period after this one was, not after it was sent: delays do not add up.
_CLAIM = """
UPDATE monitoring_heartbeat
SET due_at = greatest(due_at + %(every)s::interval, muster_now() + %(every)s::interval / 2),
    lease_token = lease_token + 1, tried_at = muster_now()
WHERE id = (SELECT id FROM monitoring_heartbeat WHERE due_at <= muster_now()
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease_token
"""
_RANG = """
INSERT INTO monitoring_heartbeat (id, rung_at, due_at, lease_token, withheld)
VALUES (1, muster_now(), muster_now(), 0, '[]')
ON CONFLICT (id) DO UPDATE SET rung_at = muster_now()
"""


@dataclass(frozen=True)
class _Claim:
    pk: int
    token: int


def rang() -> None:
    """Note that the doorbell rang: beat, broker, worker and database work."""
    with connection.cursor() as cursor:
        cursor.execute(_RANG)


def beat_due(*, at: datetime, seconds: float) -> int:
    """Send the heartbeat when it is due and nothing is wrong; return how many were sent."""
    if not settings.MUSTER_HEARTBEAT_URL:
        return 0
    claim = _claim()
    if claim is None:
        return 0
    point("heartbeat.claimed")
    wrong = parts.faults(at=at) or _send()
    point("heartbeat.sent")
    mine = Heartbeat.objects.filter(pk=claim.pk, lease_token=claim.token)
    if wrong:
        logger.error("The heartbeat is withheld: %s", "; ".join(wrong))
        mine.update(withheld=[words[:300] for words in wrong])
        return 0
    mine.update(sent_at=MusterNow(), withheld=[])
    return 1


@shared_task(ignore_result=True)
def beat(**kwargs: object) -> None:
    """Hurry the duty."""
    beat_due(at=clock.now(), seconds=_SECONDS)


def _claim() -> _Claim | None:
    if not Heartbeat.objects.exists():  # nothing has ever rung
        Heartbeat.objects.bulk_create([Heartbeat(pk=1, due_at=MusterNow())], ignore_conflicts=True)
    every = f"{settings.MUSTER_HEARTBEAT_SECONDS} seconds"
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"every": every})
        row = cursor.fetchone()
    return _Claim(*row) if row else None


def _send() -> list[str]:
    """Tell the outside; return what went wrong. The address is a secret and is never quoted."""
    address = settings.MUSTER_HEARTBEAT_URL
    parted = urlsplit(address)
    try:
        answer = outbound.request(
            "POST",
            address,
            allowed_origins=[f"{parted.scheme}://{parted.netloc}"],
            seconds=_SECONDS,
            max_bytes=65_536,
        )
    except outbound.OutboundError as error:
        return [f"outside: {error}"]
    return [] if 200 <= answer.status < 300 else [f"outside: it answers {answer.status}"]
