"""Take batches and labels over HTTP: the bytes go to storage as they are, only workers read them.

The same content twice is one batch; what is wrong inside is for the window's verdict to say.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction

from monitoring import arrivals
from monitoring.data import landing
from monitoring.incoming import Incoming, folder
from monitoring.models import Batch, LabelSet, Source, Window
from monitoring.planning import HORIZON
from monitoring.queries.checks import readers_of
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.problems import invalid

_LABELS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def take_batch(
    actor: Actor, source: Source, incoming: Incoming, window: str, *, at: datetime, dry: bool
) -> tuple[Batch, bool]:
    """Keep a file as the batch of a window; say whether its content is news."""
    _require_uploads(actor, source)
    start = window_start(source, window, "/window", at=at)
    path = _path(source, "batches", landing.name_of(start), incoming)
    with transaction.atomic():
        batch, news = arrivals.keep_batch(
            source, start, incoming.digest,
            path=str(path), size=incoming.size, format=incoming.format, at=at,
        )  # fmt: skip
        if news:
            _record(actor, source, batch, f"batches/{path.name}", at=at)
        if not dry:
            incoming.keep(path)
    return batch, news


def take_labels(
    actor: Actor, source: Source, incoming: Incoming, name: str, *, at: datetime, dry: bool
) -> tuple[LabelSet, bool]:
    """Keep a file of labels; one with the name of a window's start covers that window only."""
    _require_uploads(actor, source)
    if not _LABELS.fullmatch(name):
        fix = "letters, digits, . _ and -, at most 100; or the start of the window they are for"
        raise invalid("/name", "invalid", "this cannot be the name of labels", fix)
    start = None
    if landing.window_start(name) is not None:
        start = window_start(source, name, "/name", at=at)
    path = _path(source, "labels", name, incoming)
    with transaction.atomic():
        labels, news = arrivals.keep_labels(
            source, name, incoming.digest,
            start=start, path=str(path), size=incoming.size, format=incoming.format, at=at,
        )  # fmt: skip
        if news:
            _record(actor, source, labels, f"labels/{path.name}", at=at)
        if not dry:
            incoming.keep(path)
    return labels, news


def _record(
    actor: Actor, source: Source, row: Batch | LabelSet, name: str, *, at: datetime
) -> None:
    after = {"file": name, "digest": row.digest, "size": row.size}
    audit.record(actor, "source.uploaded", source, at=at, unit=source.model.unit, after=after)
    arrivals.ring(source, at=at)


def _require_uploads(actor: Actor, source: Source) -> None:
    access.require(actor, Right.EDIT_MONITORING, source.model.unit)
    if source.kind != Source.Kind.UPLOAD:
        detail = f"the source {source.name} is of kind {source.kind} and takes no uploads"
        raise invalid("/", "kind", detail, "make a source of kind upload, and name it in the check")


def window_start(source: Source, text: str, pointer: str, *, at: datetime) -> datetime:
    """Read the start of a window that some check of the source really has, if there are any."""
    start = landing.window_start(text) or _moment(text)
    if start is None:
        fix = "its start in UTC, such as 2026-11-02 or 2026-11-02T060000Z"
        raise invalid(pointer, "invalid", f"'{text[:60]}' is not the start of a window", fix)
    if start < at - HORIZON:
        detail = f"windows before {at - HORIZON:%Y-%m-%d} are settled and not judged any more"
        raise invalid(pointer, "too_old", detail, "a later window")
    checks = readers_of(source)
    if not checks:
        return start
    near: list[datetime] = []
    for check, spec in checks:
        period = timedelta(days=spec.every_days)
        steps = (start - check.next_window_start) // period
        floor = check.next_window_start + steps * period
        known = Window.objects.filter(check_ref=check, start=start).exists()
        if known or (floor == start and steps >= 0):
            return start
        near += [floor, floor + period]
    # It would lie there and never be judged: whoever sends it should know now.
    nearest = ", ".join(landing.name_of(one) for one in sorted(set(near))[:4])
    detail = f"no check that reads this source has a window that starts at {text[:40]}"
    raise invalid(pointer, "no_window", detail, f"windows near it start at {nearest}")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _path(source: Source, kind: str, stem: str, incoming: Incoming) -> Path:
    ending = landing.EXTENSIONS[incoming.format][0] + (".gz" if incoming.packed else "")
    return folder() / str(source.pk) / kind / f"{stem}.{incoming.digest[:32]}.{ending}"
