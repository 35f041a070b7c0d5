"""Batches and labels as Muster stored them itself, some time ago."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

from monitoring import arrivals, files, sourcing
from monitoring.data import landing
from monitoring.models import Analysis, Batch, LabelSet, Source
from registry import actors, clock
from registry.models import RegisteredModel

ACTOR = actors.system("tests")
WEEK = timedelta(days=7)
OLD = timedelta(days=401)


def source(model: RegisteredModel, name: str = "sent", kind: str = "upload") -> Source:
    """The source, made at need."""
    known = model.sources.filter(name=name).first()
    return known or sourcing.put_source(ACTOR, model, name, at=clock.now(), kind=kind)[0]


def monday(weeks_ago: int) -> datetime:
    """The start of a window so many weeks ago."""
    now = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return now - timedelta(days=now.weekday()) - weeks_ago * WEEK


def put(of: Source, folder: str, stem: str, content: bytes) -> tuple[Path, str]:
    """A file where an upload would have put it."""
    digest = hashlib.sha256(content).hexdigest()
    path = files.folder(of.kind) / str(of.pk) / folder / f"{stem}.{digest[:32]}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path, digest


def batch(of: Source, start: datetime, *, landed: datetime, content: bytes = b"") -> Batch:
    """A stored batch."""
    content = content or f"{start}".encode()
    path, digest = put(of, "batches", landing.name_of(start), content)
    return arrivals.keep_batch(
        of, start, digest, path=str(path), size=len(content), format="parquet", at=landed
    )[0]


def labels(of: Source, name: str, *, landed: datetime) -> LabelSet:
    """Stored labels."""
    path, digest = put(of, "labels", name, name.encode())
    start = landing.window_start(name)
    return arrivals.keep_labels(
        of, name, digest, start=start, path=str(path), size=9, format="parquet", at=landed
    )[0]


def old_windows(model: RegisteredModel, count: int) -> list[Batch]:
    """So many windows in a row that all came long ago, the oldest first."""
    landed = clock.now() - OLD
    weeks = range(58 + count, 58, -1)
    return [batch(source(model), monday(week), landed=landed) for week in weeks]


def require_no_row_without_its_file() -> None:
    """A row that does not say so has its file."""
    for rows in (Batch.objects.all(), LabelSet.objects.all()):
        for row in rows.filter(file_deleted_at=None):
            assert Path(row.path).exists(), row
    for made in Analysis.objects.filter(file_deleted_at=None).exclude(path=""):
        assert (files.root() / made.path).exists(), made
