"""What the name of a file in the landing folder says: which window it belongs to."""

import re
from datetime import UTC, datetime

EXTENSIONS = {
    "parquet": ("parquet",),
    "csv": ("csv", "csv.gz"),
    "arrow": ("arrow", "feather"),
    "jsonl": ("jsonl", "ndjson", "jsonl.gz", "ndjson.gz"),
    "table": ("json",),  # as mlflow.log_table writes it
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z")


def stem(name: str, *, kind: str) -> str | None:
    """Return the name without its extension, or None when it is not a landed file of this kind.

    A name that begins with a dot is a file still being written; it is renamed when it is whole.
    """
    if name.startswith((".", "_")):
        return None
    for extension in EXTENSIONS[kind]:
        if name.endswith(f".{extension}") and len(name) > len(extension) + 1:
            return name[: -len(extension) - 1]
    return None


def format_of(name: str) -> str:
    """Return the format that a file's name tells, Parquet when it tells none."""
    for kind, extensions in EXTENSIONS.items():
        if name.lower().endswith(tuple(f".{extension}" for extension in extensions)):
            return kind
    return "parquet"


def window_start(stem: str) -> datetime | None:
    """Read a window's start from a stem, or None when it is some other name."""
    try:
        if _DAY.fullmatch(stem):
            return datetime.strptime(stem, "%Y-%m-%d").replace(tzinfo=UTC)
        if _MOMENT.fullmatch(stem):
            return datetime.strptime(stem, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None  # such as 2026-02-31
    return None


def name_of(start: datetime) -> str:
    """Return the stem of a window's file."""
    midnight = start == start.replace(hour=0, minute=0, second=0, microsecond=0)
    return start.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H%M%SZ")


def tail(path: str) -> str:
    """Return a path's last two components: enough to find it, not where the server keeps it."""
    return "/".join([part for part in path.split("/") if part][-2:])
