"""Claim a due row for a while: one conditional update, so that two workers never get the same."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection


@dataclass(frozen=True)
class Lease:
    """A claimed row; every later write is guarded by the token."""

    pk: int
    token: int


class Stint:
    """The time a duty may work, and the domain's time as it goes on meanwhile."""

    def __init__(self, *, at: datetime, seconds: float) -> None:
        self._at = at
        self._started = time.monotonic()
        self._seconds = seconds

    @property
    def over(self) -> bool:
        """Say whether the duty should leave the rest to the next one."""
        return time.monotonic() - self._started >= self._seconds

    @property
    def at(self) -> datetime:
        """Return the time now, counted on from the time the duty was given."""
        return self._at + timedelta(seconds=time.monotonic() - self._started)


# `done` keeps one stint from taking the same row again and again.
_CLAIM_SOURCE = """
UPDATE monitoring_source
SET lease_until = muster_now() + interval '150 seconds', lease_token = lease_token + 1
WHERE id = (
    SELECT id FROM monitoring_source
    WHERE next_scan_at <= muster_now() AND NOT (id = ANY(%s))
      AND (lease_until IS NULL OR lease_until < muster_now())
    ORDER BY next_scan_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease_token
"""

# A run waits while an earlier window of its check has an open one: verdicts come in order.
_CLAIM_RUN = """
UPDATE monitoring_run
SET state = 'running', lease_until = muster_now() + interval '300 seconds',
    lease_token = lease_token + 1, attempts = attempts + 1,
    started_at = coalesce(started_at, muster_now())
WHERE id = (
    SELECT run.id FROM monitoring_run run
    JOIN monitoring_window w ON w.id = run.window_id
    JOIN monitoring_check c ON c.id = w.check_ref_id
    WHERE run.current AND NOT c.paused
      AND ((run.state = 'queued' AND run.queued_at <= muster_now())
        OR (run.state = 'running' AND run.lease_until < muster_now()))
      AND NOT EXISTS (
        SELECT 1 FROM monitoring_run before
        JOIN monitoring_window earlier ON earlier.id = before.window_id
        WHERE earlier.check_ref_id = w.check_ref_id AND earlier.start < w.start
          AND before.current AND before.state IN ('queued', 'running'))
    ORDER BY w.start, run.queued_at, run.id LIMIT 1 FOR UPDATE OF run SKIP LOCKED)
RETURNING id, lease_token
"""


def claim_source(done: Collection[int]) -> Lease | None:
    """Lease the next source that is due for a look."""
    return _claim(_CLAIM_SOURCE, [list(done)])


def claim_run() -> Lease | None:
    """Lease the next run that may be judged."""
    return _claim(_CLAIM_RUN, [])


def _claim(statement: str, values: list[list[int]]) -> Lease | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return Lease(*row) if row else None
