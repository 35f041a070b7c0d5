"""Claim a server that is due, keep others off it, and note how reading it went.

The lease is short and held on to between requests: who is killed is followed within half a
minute, and what they were reading is fenced by the token.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from registry.clock import MusterNow
from registry.models import MLflowServer

# One request takes 10 s at most; a worker that is killed is followed after this time.
LEASE_SECONDS = 25
_BEAT_SECONDS = 5.0
_PATIENCE = 5  # failures in a row until the breaker opens
_PROBE_SECONDS = 60
_HURRIED_SECONDS = 10

# Servers in trouble come last and one at a time, whoever looks: however many of them hang, they
# hold up one worker, and a sound server waits for one request at most.
_CLAIM = """
UPDATE registry_mlflowserver
SET lease_until = muster_now() + %s * interval '1 second', lease_token = lease_token + 1
WHERE id = (
    SELECT id FROM registry_mlflowserver AS due
    WHERE next_sweep_at <= muster_now() AND (lease_until IS NULL OR lease_until < muster_now())
      AND (failures = 0 OR NOT EXISTS (
        SELECT FROM registry_mlflowserver AS other
        WHERE other.failures > 0 AND other.id <> due.id AND other.lease_until >= muster_now()))
    ORDER BY (failures > 0), next_sweep_at FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, lease_token
"""


class LeaseLost(Exception):
    """Somebody else reads this server now."""


@dataclass
class Lease:
    """The right to write what one server shows, until somebody else claims it."""

    server_id: int
    token: int
    _held_at: float = field(default_factory=time.monotonic, repr=False)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that nobody who claimed the server later runs beside."""
        with transaction.atomic():
            self.extend()  # which locks the row until the end
            yield

    def extend(self) -> None:
        """Hold the server longer: there is more to read."""
        later = MusterNow() + timedelta(seconds=LEASE_SECONDS)
        if not self._mine().update(lease_until=later):
            raise LeaseLost(LeaseLost.__doc__)
        self._held_at = time.monotonic()

    def beat(self) -> None:
        """Hold the server longer if that was not done a moment ago."""
        if time.monotonic() - self._held_at > _BEAT_SECONDS:
            self.extend()

    def finish(
        self, *, read_at: datetime | None, progress: Mapping[str, Any], hurried: bool = False
    ) -> None:
        """Note a look that went through; `read_at` when it completed a sweep.

        With `progress` there was no time for everything: the next look comes at once.
        """
        seconds = settings.MUSTER_SYNC_SECONDS
        soon = min(_HURRIED_SECONDS, seconds) if hurried else seconds
        pause = timedelta(seconds=0 if progress else soon)
        whole: dict[str, Any] = {}
        if read_at is not None:
            whole = {"swept_at": read_at, "sweeps_completed": F("sweeps_completed") + 1}
            whole |= {"fault": "", "fault_since": None, "failures": 0, "breaker_until": None}
        self._note(next_sweep_at=MusterNow() + pause, progress=dict(progress), **whole)

    def pause(self, progress: Mapping[str, Any]) -> None:
        """Note a look whose time was over before the sweep was: another goes on from there."""
        self._note(next_sweep_at=MusterNow(), progress=dict(progress))

    def fail(self, fault: str, *, at: datetime, failures: int) -> None:
        """Note a sweep that failed, since when, and try again later, from the beginning."""
        is_open = failures >= _PATIENCE
        seconds = settings.MUSTER_SYNC_SECONDS
        again = MusterNow() + timedelta(
            seconds=max(_PROBE_SECONDS, seconds) if is_open else seconds
        )
        self._note(
            next_sweep_at=again,
            breaker_until=again if is_open else None,
            fault=fault,
            fault_since=Coalesce(F("fault_since"), at),
            failures=failures,
            progress={},
        )

    def _mine(self) -> QuerySet[MLflowServer]:
        return MLflowServer.objects.filter(pk=self.server_id, lease_token=self.token)

    def _note(self, **columns: object) -> None:
        self._mine().update(lease_until=None, **columns)


def claim() -> Lease | None:
    """Claim the server that is due longest, sound ones first, or return None."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        row = cursor.fetchone()
    return Lease(*row) if row else None
