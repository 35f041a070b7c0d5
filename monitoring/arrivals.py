"""Write down what has landed, wherever it came from, and bring up the checks that wait for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.models import Batch, Check, LabelSet, Source
from monitoring.queries.runs import newest_batch


def keep_batch(
    source: Source,
    start: datetime,
    digest: str,
    *,
    path: str,
    size: int,
    at: datetime,
    modified: str = "",
    format: str = "",
    origin: Mapping[str, Any] | None = None,
) -> tuple[Batch, bool]:
    """Write the batch of a window; say whether its content is news."""
    newest = newest_batch(source, start)
    news = newest is None or newest.digest != digest or newest.file_deleted_at is not None
    changes: dict[str, object] = {
        "path": path,
        "size": size,
        "modified": modified,
        "format": format,
        "origin": dict(origin or {}),
        "file_deleted_at": None,
    }
    if news:
        changes["landed_at"] = at  # also for content that comes back after another
    batch, _ = Batch.objects.update_or_create(
        source=source, window_start=start, digest=digest, defaults=changes
    )
    return batch, news


def keep_labels(
    source: Source,
    name: str,
    digest: str,
    *,
    start: datetime | None,
    path: str,
    size: int,
    at: datetime,
    modified: str = "",
    format: str = "",
    origin: Mapping[str, Any] | None = None,
) -> tuple[LabelSet, bool]:
    """Write a label file; say whether its content is news."""
    newest = source.label_sets.filter(name=name).order_by("landed_at", "pk").last()
    news = newest is None or newest.digest != digest or newest.file_deleted_at is not None
    changes: dict[str, object] = {
        "path": path,
        "size": size,
        "modified": modified,
        "window_start": start,
        "format": format,
        "origin": dict(origin or {}),
        "file_deleted_at": None,
    }
    if news:
        changes["landed_at"] = at
    labels, _ = LabelSet.objects.update_or_create(
        source=source, name=name, digest=digest, defaults=changes
    )
    return labels, news


def ring(source: Source, *, at: datetime) -> None:
    """Have the checks of the model planned now."""
    checks = Check.objects.filter(model_id=source.model_id).exclude(kind=Check.Kind.METRIC)
    checks.update(next_plan_at=at)
