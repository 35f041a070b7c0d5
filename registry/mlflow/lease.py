"""Claim a server that is due, keep others off it, and note how reading it went."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from registry.clock import MusterNow
from registry.models import MLflowServer

# Longer than a sweep may take (one request 10 s, one file 120 s beyond its end).
LEASE_SECONDS = 300
_PATIENCE = 5  # failures in a row until a server is only probed once a minute

_CLAIM = """
UPDATE registry_mlflowserver
SET lease_until = muster_now() + %s * interval '1 second', lease_token = lease_token + 1
WHERE id = (
    SELECT id FROM registry_mlflowserver
    WHERE next_sweep_at <= muster_now() AND (lease_until IS NULL OR lease_until < muster_now())
    ORDER BY next_sweep_at FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, lease_token
"""


class LeaseLost(Exception):
    """Somebody else reads this server now."""


@dataclass(frozen=True)
class Lease:
    """The right to write what one server shows, until somebody else claims it."""

    server_id: int
    token: int

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that nobody who claimed the server later runs beside."""
        with transaction.atomic():
            mine = MLflowServer.objects.filter(pk=self.server_id, lease_token=self.token)
            if not mine.select_for_update().exists():
                raise LeaseLost(LeaseLost.__doc__)
            yield

    def extend(self) -> None:
        """Hold the server longer: there is more to read."""
        later = MusterNow() + timedelta(seconds=LEASE_SECONDS)
        mine = MLflowServer.objects.filter(pk=self.server_id, lease_token=self.token)
        if not mine.update(lease_until=later):
            raise LeaseLost(LeaseLost.__doc__)

    def finish(self, *, at: datetime, soon: bool) -> None:
        """Note a sweep that went through; `soon` when it had no time for everything."""
        pause = timedelta(seconds=0 if soon else settings.MUSTER_SYNC_SECONDS)
        self._note(
            next_sweep_at=MusterNow() + pause,
            swept_at=at,
            sweeps_completed=F("sweeps_completed") + 1,
            fault="",
            fault_since=None,
            failures=0,
        )

    def fail(self, fault: str, *, at: datetime, failures: int) -> None:
        """Note a sweep that failed, since when, and try again later."""
        seconds = settings.MUSTER_SYNC_SECONDS
        pause = timedelta(seconds=max(60, seconds) if failures >= _PATIENCE else seconds)
        self._note(
            next_sweep_at=MusterNow() + pause,
            fault=fault,
            fault_since=Coalesce(F("fault_since"), at),
            failures=F("failures") + 1,
        )

    def _note(self, **columns: object) -> None:
        mine = MLflowServer.objects.filter(pk=self.server_id, lease_token=self.token)
        mine.update(lease_until=None, **columns)


def claim() -> Lease | None:
    """Claim the server that has been due longest, or return None."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        row = cursor.fetchone()
    return Lease(*row) if row else None
