"""Claim a due row for a while: one conditional update, so that two workers never get the same.

A lease is short, so that the work of a killed worker goes on soon; a heartbeat extends it while
the worker lives. Whoever works on without a lease is stopped by the token when it writes.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, models
from django.db.models.functions import Greatest

from registry.clock import MusterNow

logger = logging.getLogger(__name__)

LEASE_SECONDS = 30
# Three beats go into a lease: one that is late or lost costs nothing.
BEAT_SECONDS = 8.0
# A worker that still says "I live" after this hangs: somebody else shall try.
LONGEST_SECONDS = 300.0


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
SET lease_until = muster_now() + make_interval(secs => %s), lease_token = lease_token + 1
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
SET state = 'running', lease_until = muster_now() + make_interval(secs => %s),
    lease_token = lease_token + 1, attempts = attempts + 1,
    started_at = coalesce(started_at, muster_now())
WHERE id = (
    SELECT run.id FROM monitoring_run run
    JOIN monitoring_window w ON w.id = run.window_id
    JOIN monitoring_check c ON c.id = w.check_ref_id
    WHERE run.current AND NOT c.paused AND c.engine = %s
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


# The work of a killed worker is tried again, and in the end said to be impossible.
_CLAIM_ANALYSIS = """
UPDATE monitoring_analysis
SET lease_until = muster_now() + make_interval(secs => %s), lease_token = lease_token + 1,
    attempts = attempts + 1
WHERE id = (
    SELECT id FROM monitoring_analysis
    WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < muster_now())
    ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease_token
"""


# A day that was cut short is finished before the next one begins.
_CLAIM_TIDYING = """
UPDATE monitoring_tidying
SET lease_until = muster_now() + make_interval(secs => %s), lease_token = lease_token + 1
WHERE id = (
    SELECT id FROM monitoring_tidying
    WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < muster_now())
    ORDER BY day LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease_token
"""


def claim_source(done: Collection[int]) -> Lease | None:
    """Lease the next source that is due for a look."""
    return _claim(_CLAIM_SOURCE, [LEASE_SECONDS, list(done)])


def claim_run(engine: str = "local") -> Lease | None:
    """Lease the next run that may be judged by this engine."""
    return _claim(_CLAIM_RUN, [LEASE_SECONDS, engine])


def claim_analysis() -> Lease | None:
    """Lease the next analysis somebody asked for."""
    return _claim(_CLAIM_ANALYSIS, [LEASE_SECONDS])


def claim_tidying() -> Lease | None:
    """Lease the day whose old files are to be deleted."""
    return _claim(_CLAIM_TIDYING, [LEASE_SECONDS])


@contextmanager
def kept(
    rows: type[models.Model], held: Collection[Lease], *, longest: float = LONGEST_SECONDS
) -> Iterator[None]:
    """Extend the leases from a thread of its own while the block runs, for `longest` at most.

    A lease that was given back or taken over is left alone.
    """
    over = threading.Event()
    arguments = (rows, list(held), over, longest)
    # A daemon: it must never keep a process alive whose work has ended.
    thread = threading.Thread(target=_beat, args=arguments, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=BEAT_SECONDS)


def _beat(
    rows: type[models.Model], held: list[Lease], over: threading.Event, longest: float
) -> None:
    """Beat until the work is over; most work is, before this thread needs a connection."""
    ends = time.monotonic() + longest
    try:
        while not over.wait(BEAT_SECONDS) and time.monotonic() < ends:
            try:
                held = [lease for lease in held if _extend(rows, lease)]
            except DatabaseError as error:
                logger.warning("a heartbeat did not reach the database: %s", error)
                connection.close()
                continue
            if not held:
                return
    finally:
        connection.close()  # connections belong to threads: nobody else would close this one


def _extend(rows: type[models.Model], lease: Lease) -> bool:
    mine = rows._default_manager.filter(
        pk=lease.pk, lease_token=lease.token, lease_until__isnull=False
    )
    later = MusterNow() + timedelta(seconds=LEASE_SECONDS)
    return bool(mine.update(lease_until=Greatest("lease_until", later)))


def _claim(statement: str, values: Sequence[Any]) -> Lease | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return Lease(*row) if row else None
