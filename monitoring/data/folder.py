"""List what has landed in a source's folder, and digest files; no pandas, no Arrow."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import fsspec

from monitoring.data import landing

_CHUNK = 1 << 20
_MOST_FILES = 20_000


class CannotLook(Exception):
    """The folder cannot be listed."""


@dataclass(frozen=True)
class File:
    """One landed file, as the file system lists it."""

    kind: str  # batches or labels
    stem: str
    path: str
    size: int
    modified: str
    format: str = ""  # '': as the source says
    origin: Mapping[str, Any] = field(default_factory=dict)  # the run in MLflow that logged it


def look(address: str, *, kind: str, options: Mapping[str, str] | None = None) -> list[File]:
    """Return the whole files under `batches/` and `labels/`, or say why that was not possible."""
    where = landing.tail(address)
    try:
        filesystem, root = fsspec.core.url_to_fs(address, **(options or {}))
        filesystem.invalidate_cache()
        if not filesystem.isdir(root):
            raise CannotLook(
                f"The folder {where} does not exist; create it or correct the source's address"
            )
        return [
            file
            for folder in ("batches", "labels")
            for file in _files(filesystem, f"{root.rstrip('/')}/{folder}", folder, kind)
        ]
    except PermissionError as error:
        raise CannotLook(f"Muster may not read the folder {where}; grant it access") from error
    except (OSError, ValueError, ImportError) as error:
        raise CannotLook(f"The folder {where} could not be listed; is its store up?") from error


def _files(filesystem: Any, path: str, folder: str, kind: str) -> list[File]:
    try:
        entries = filesystem.ls(path, detail=True)
    except FileNotFoundError:
        return []  # nothing of this kind has landed yet
    found = []
    for entry in entries[:_MOST_FILES]:
        stem = landing.stem(entry["name"].rsplit("/", 1)[-1], kind=kind)
        if stem is not None and entry["type"] == "file":
            found.append(File(folder, stem, _address(filesystem, entry), *_version(entry)))
    return found


def _address(filesystem: Any, entry: dict[str, Any]) -> str:
    protocol = (
        filesystem.protocol if isinstance(filesystem.protocol, str) else (filesystem.protocol[0])
    )
    return str(entry["name"] if protocol in ("file", "local") else f"{protocol}://{entry['name']}")


def _version(entry: dict[str, Any]) -> tuple[int, str]:
    names = ("mtime", "LastModified", "last_modified", "ETag", "created")
    modified = next((str(entry[name]) for name in names if entry.get(name)), "")
    return int(entry.get("size") or 0), modified[:60]


def size_of(path: str) -> int:
    """Return the size of one file that somebody has named, or say why it cannot be had."""
    name = landing.tail(path)
    try:
        filesystem, inner = fsspec.core.url_to_fs(path)
        filesystem.invalidate_cache()
        found = filesystem.info(inner)
    except (OSError, ValueError, ImportError) as error:
        raise CannotLook(f"The file {name} could not be read; is it still there?") from error
    if found["type"] != "file":
        raise CannotLook(f"{name} is a folder, and one file is read; log the dataset as one file")
    return int(found.get("size") or 0)


def digest(
    path: str,
    *,
    seen: Callable[[], None] = lambda: None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Return the SHA-256 of a file's content; `seen` is called as it comes."""
    total = hashlib.sha256()
    try:
        with fsspec.open(path, "rb", **(options or {})) as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
                seen()
    except (OSError, ValueError) as error:
        name = landing.tail(path)
        raise CannotLook(f"The file {name} could not be read; is it still there?") from error
    return total.hexdigest()
