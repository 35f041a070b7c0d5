"""Delete the files that Muster stored itself once nothing needs them any more.

First the row says that its file is deleted, then the file goes, so that no row ever points to a
file that is not there without saying so. What a process that was killed in between leaves is
found by the look for strays, which ends each day's tidying.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from monitoring import files, keeping, leases, strays
from monitoring.chaos import point
from monitoring.leases import Lease, Stint
from monitoring.models import Analysis, Batch, LabelSet, Tidying
from registry import actors, audit

logger = logging.getLogger(__name__)
_A_PART = 50
_COUNTED = ("batches", "label_sets", "reports", "strays", "freed")


def tidy_due(*, at: datetime, seconds: float) -> int:
    """Delete what is due today, part by part; return how many files went.

    1. Lease the day: one row a day, the oldest unfinished one first.
    2. Mark a part of the rows, and count them, in one transaction.
    3. Delete their files, each under the lock of its row.
    4. When no row is left: delete what no row knows, then write the day's audit event.
    """
    stint = Stint(at=at, seconds=seconds)
    if Tidying.objects.filter(day=at.date(), finished_at__isnull=False).exists():
        return 0
    Tidying.objects.get_or_create(day=at.date())
    lease = leases.claim_tidying()
    if lease is None:
        return 0
    point("tidying.claimed")
    with leases.kept(Tidying, [lease]):
        return _tidy(lease, stint)


def _tidy(lease: Lease, stint: Stint) -> int:
    done = 0
    for take in (_batches, _label_sets, _reports):
        while part := take(lease, stint.at):
            done += part
            if stint.over:
                return _pause(lease, done)
    day = Tidying.objects.get(pk=lease.pk)
    for place, found in strays.sweep(after=day.place):
        done += found.files
        counts = {"strays": F("strays") + found.files, "freed": F("freed") + found.size}
        if not _note(lease, place=place, **counts):
            return done
        if stint.over:
            return _pause(lease, done)
    _finish(lease, at=stint.at)
    return done


def _batches(lease: Lease, at: datetime) -> int:
    rows = keeping.old_batches(at=at, before=_before(at))
    return _part(lease, rows, "batches", lambda row: Path(row.path), at=at)


def _label_sets(lease: Lease, at: datetime) -> int:
    rows = keeping.old_label_sets(before=_before(at))
    return _part(lease, rows, "label_sets", lambda row: Path(row.path), at=at)


def _reports(lease: Lease, at: datetime) -> int:
    rows = keeping.old_reports(before=_before(at))
    return _part(lease, rows, "reports", lambda row: files.root() / row.path, at=at)


def _before(at: datetime) -> datetime | None:
    """Return before when what came or was last judged is old; None when all is kept."""
    days = settings.MUSTER_KEEP_FILES_DAYS
    return at - timedelta(days=days) if days > 0 else None


def _part(
    lease: Lease,
    rows: QuerySet[Any],
    counted: str,
    path_of: Callable[[Any], Path],
    *,
    at: datetime,
) -> int:
    with transaction.atomic():
        part = list(rows.select_for_update(of=("self",), skip_locked=True)[:_A_PART])
        if not part:
            return 0
        marked = rows.model._default_manager.filter(pk__in=[row.pk for row in part])
        marked.update(file_deleted_at=at)
        size = sum(row.size or 0 for row in part)
        if not _note(lease, **{counted: F(counted) + len(part)}, freed=F("freed") + size):
            transaction.set_rollback(True)
            return 0
    point("tidying.marked")
    for row in part:
        _delete(row, path_of(row))
    point("tidying.deleted")
    return len(part)


def _delete(row: Batch | LabelSet | Analysis, path: Path) -> None:
    """Delete a marked row's file, unless the same content has come again meanwhile."""
    with transaction.atomic():
        mine = type(row)._default_manager.select_for_update().filter(pk=row.pk)
        if mine.filter(file_deleted_at__isnull=False).exists():
            strays.remove(path)


def _note(lease: Lease, **changes: object) -> bool:
    return bool(_mine(lease).update(**changes))


def _mine(lease: Lease) -> QuerySet[Tidying]:
    return Tidying.objects.filter(pk=lease.pk, lease_token=lease.token, finished_at=None)


def _pause(lease: Lease, done: int) -> int:
    """Give the day back: the next ring goes on."""
    _note(lease, lease_until=None)
    return done


@transaction.atomic
def _finish(lease: Lease, *, at: datetime) -> None:
    if not _note(lease, finished_at=at, lease_until=None):
        return
    day = Tidying.objects.get(pk=lease.pk)
    counts = {name: getattr(day, name) for name in _COUNTED}
    if any(counts.values()):
        after = {**counts, "keep_days": settings.MUSTER_KEEP_FILES_DAYS}
        audit.record(actors.system("retention"), "files.deleted", day, at=at, after=after)
