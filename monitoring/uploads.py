"""Take batches and labels over HTTP: the bytes go to storage as they are, only workers read them.

The same content twice is one batch; what is wrong inside is for the window's verdict to say.
"""

import re
from datetime import datetime
from pathlib import Path

from django.db import transaction

from monitoring import arrivals, grid
from monitoring.data import landing
from monitoring.incoming import Incoming, folder
from monitoring.models import Batch, LabelSet, Source
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
    start = grid.of(source, at=at).start_of(window, "/window")
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
        start = grid.of(source, at=at).start_of(name, "/name")
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


def _path(source: Source, kind: str, stem: str, incoming: Incoming) -> Path:
    ending = landing.EXTENSIONS[incoming.format][0] + (".gz" if incoming.packed else "")
    return folder() / str(source.pk) / kind / f"{stem}.{incoming.digest[:32]}.{ending}"
