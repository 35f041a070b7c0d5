"""Delete stored files that no row knows: of uploads that died half-way, and of deleted rows.

Files are told apart by their names alone, which hold a digest: where a data folder was moved, the
rows still hold the addresses of the old place, and nothing in it may be taken for a stray.
"""

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from monitoring import files
from monitoring.models import Analysis, Batch, LabelSet

logger = logging.getLogger(__name__)
_DAY = 86_400
# A file that was being written is of no use after a day. One that is whole and has no row may
# be all that is left of it, such as after a database was restored from yesterday's backup.
_HALF, _WHOLE = 1 * _DAY, 7 * _DAY


@dataclass
class Found:
    """How much went."""

    files: int = 0
    size: int = 0


@dataclass(frozen=True)
class _Known:
    """The names of files that rows have, and of those that rows call deleted."""

    here: set[str]
    deleted: set[str]


def sweep(*, after: str) -> Iterator[tuple[str, Found]]:
    """Delete the strays, folder by folder from `after` on; tell each folder and what went."""
    for place in sorted(_places()):
        if place > after:
            yield place, _sweep(place)


def _places() -> Iterator[str]:
    for top in (*files.FOLDERS.values(), files.REPORTS, files.BASELINES):
        if (files.root() / top).is_dir():
            yield top
    for top in files.FOLDERS.values():
        for source in _folders(files.root() / top):
            for kind in _folders(source):
                yield f"{top}/{source.name}/{kind.name}"


def _folders(path: Path) -> list[Path]:
    try:
        return [Path(entry) for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _sweep(place: str) -> Found:
    found, known = Found(), _known(place)
    for entry in _entries(files.root() / place):
        path, is_half = Path(entry), entry.name.startswith(".")
        if not is_half and (known is None or entry.name in known.here):
            continue
        if not is_half and known is not None and entry.name in known.deleted:
            _remove_deleted(place, path)
            continue
        with contextlib.suppress(OSError):
            stat = entry.stat(follow_symlinks=False)
            if time.time() - stat.st_mtime > (_HALF if is_half else _WHOLE) and remove(path):
                found.files, found.size = found.files + 1, found.size + stat.st_size
    return found


def _entries(path: Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(path) as entries:
            yield from (entry for entry in entries if entry.is_file(follow_symlinks=False))
    except OSError as error:
        logger.warning("the folder %s could not be listed: %s", path, error)


def _known(place: str) -> _Known | None:
    """Return what rows know of a folder, None for one whose whole files are left alone."""
    parts = place.split("/")
    if place == files.REPORTS:
        rows = list(Analysis.objects.exclude(path="").values_list("path", "file_deleted_at"))
    elif len(parts) == 3 and parts[1].isdigit() and parts[2] in ("batches", "labels"):
        of: Any = Batch if parts[2] == "batches" else LabelSet
        mine = of._default_manager.filter(source_id=int(parts[1]))
        rows = list(mine.values_list("path", "file_deleted_at"))
    else:
        return None
    here = {Path(path).name for path, deleted_at in rows if deleted_at is None}
    return _Known(here, {Path(path).name for path, _ in rows} - here)


def _remove_deleted(place: str, path: Path) -> None:
    """Delete what its row calls deleted, unless the same content has come again meanwhile."""
    _, *source, kind = place.split("/") if "/" in place else ("", place)
    of: Any = {"batches": Batch, "labels": LabelSet}.get(kind, Analysis)
    rows = of._default_manager.select_for_update().filter(path__endswith=f"/{path.name}")
    with transaction.atomic():
        named = rows.filter(source_id=int(source[0])) if source else rows
        if all(row.file_deleted_at is not None for row in named):
            remove(path)


def remove(path: Path) -> bool:
    """Delete a file; say whether it was there and went."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        logger.warning("the file %s could not be deleted: %s", path, error)
        return False
    return True
