"""Have the windows of an SQL source asked for, each by a process that may be ended."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from monitoring.data import landing
from monitoring.data.folder import CannotLook, File
from monitoring.databases import Database, read, require_allowed
from monitoring.judging.aside import CHECKOUT
from monitoring.models import Check, Source, Window
from monitoring.planning import HORIZON
from monitoring.queries.checks import readers_of
from monitoring.queries.runs import newest_batch
from monitoring.specs import CheckSpec

_A_LOOK = 5  # so many windows are asked for in one look
_LABELS_EVERY = timedelta(days=1)
# Connecting, writing and starting take a little beyond the statement's own time.
_ROOM = 4.0


@dataclass
class _Ask:
    """What is known of one window."""

    start: datetime
    end: datetime
    due: datetime  # a batch that is not there by then is missed
    labels_until: datetime | None = None


@dataclass
class Fetched:
    """What the database gave."""

    files: list[tuple[File, str]] = field(default_factory=list)
    fault: str = ""
    more: bool = False  # windows are left to ask for


def fetch(source: Source, *, at: datetime) -> Fetched:
    """Ask for the windows that have ended and are not here, oldest first.

    A window is asked for as soon as it has ended, and once more when its grace is over, for the
    rows that came late. No rows are no batch until then; from then on they are an empty one.
    """
    found = Fetched()
    database = read(source.secret)
    require_allowed(database)
    for ask in _asks(source, at=at):
        try:
            found.files += _batch(source, database, ask, at=at)
            found.files += _labels(source, database, ask, at=at)
        except CannotLook as error:
            found.fault = str(error)
            break
        if len(found.files) >= _A_LOOK:
            found.more = True
            break
    return found


def _asks(source: Source, *, at: datetime) -> list[_Ask]:
    """Return the windows that have ended, oldest first, so that they are judged in their order."""
    asks: dict[datetime, _Ask] = {}
    for check, spec in readers_of(source):
        delay = timedelta(days=getattr(spec, "label_delay_days", 0))
        for start, end in _ended(check, spec, at=at):
            due = end + timedelta(hours=spec.grace_hours)
            ask = asks.setdefault(start, _Ask(start, end, due))
            ask.due = max(ask.due, due)
            if getattr(spec, "needs_labels", False):
                ask.labels_until = max(ask.labels_until or due, due + delay)
    return sorted(asks.values(), key=lambda ask: ask.start)


def _ended(check: Check, spec: CheckSpec, *, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Return the check's windows, also those that the planner will only make from now on."""
    made = Window.objects.filter(check_ref=check, end__lte=at, start__gte=at - HORIZON)
    yield from made.values_list("start", "end")
    period = timedelta(days=spec.every_days)
    start = check.next_window_start
    if start < at - HORIZON:
        start += period * -(-(at - HORIZON - start) // period)
    while start + period <= at:
        yield start, start + period
        start += period


def _batch(
    source: Source, database: Database, ask: _Ask, *, at: datetime
) -> list[tuple[File, str]]:
    known = newest_batch(source, ask.start)
    asked = _asked(known.modified) if known else None
    if asked is not None and not asked < ask.due <= at:
        return []
    return _get(source, database, source.query, "batches", ask, at=at, empty=at >= ask.due)


def _labels(
    source: Source, database: Database, ask: _Ask, *, at: datetime
) -> list[tuple[File, str]]:
    if not source.labels_query or ask.labels_until is None:
        return []
    known = source.label_sets.filter(window_start=ask.start).order_by("landed_at", "pk").last()
    asked = _asked(known.modified) if known else None
    if asked is not None:
        last = ask.labels_until
        if not (asked < last <= at or asked + _LABELS_EVERY <= at < last):
            return []
    return _get(source, database, source.labels_query, "labels", ask, at=at, empty=False)


def _asked(modified: str) -> datetime | None:
    return datetime.fromisoformat(modified) if modified else None


def _get(
    source: Source,
    database: Database,
    query: str,
    kind: str,
    ask: _Ask,
    *,
    at: datetime,
    empty: bool,
) -> list[tuple[File, str]]:
    stem = landing.name_of(ask.start)
    folder = Path(settings.MUSTER_DATA_DIR).absolute() / "queries" / str(source.pk) / kind
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".aside-{uuid.uuid4().hex}"
    try:
        answer = _ask(database, query, aside, ask)
        if not answer["rows"] and not empty:
            return []
        path = folder / f"{stem}.{answer['digest'][:32]}.parquet"
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    file = File(kind, stem, str(path), answer["size"], at.isoformat())
    return [(file, answer["digest"])]


def _ask(database: Database, query: str, path: Path, ask: _Ask) -> dict[str, Any]:
    seconds = settings.MUSTER_SQL_SECONDS
    request = {
        **vars(database), "query": query, "path": str(path), "seconds": seconds,
        "start": ask.start.isoformat(), "end": ask.end.isoformat(),
        "most_rows": settings.MUSTER_SQL_ROWS,
    }  # fmt: skip
    where = f"{database.host}:{database.port}"
    command = [sys.executable, "-m", "monitoring.data.query"]
    try:
        # The secret goes by the input: a command line is read by everybody on the machine.
        done = subprocess.run(  # noqa: S603
            command, input=json.dumps(request).encode(), cwd=CHECKOUT,
            capture_output=True, timeout=seconds + _ROOM, check=True,
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise CannotLook(f"The database at {where} did not answer in time; is it up?") from None
    except (subprocess.CalledProcessError, ValueError):
        message = f"The rows that the database at {where} sent could not be read"
        raise CannotLook(f"{message}; let the query choose plain columns") from None
    if "error" in answer:
        raise CannotLook(answer["error"])
    return answer
