"""Lists that are followed page by page, and can be put aside between two pages."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from registry.mlflow.records import Model, Version

Found = TypeVar("Found")
# Older than this, what was read is no picture of the server any more.
_LONGEST = timedelta(minutes=5)


@dataclass
class Pages(Generic[Found]):
    """What a list showed so far, and where it goes on."""

    found: list[Found] = field(default_factory=list)
    token: str = ""
    count: int = 0
    is_whole: bool = False


@dataclass
class Progress:
    """How far a sweep got: both lists, then the runs by the key of their version, then files."""

    begun_at: datetime
    models: Pages[Model] = field(default_factory=Pages)
    versions: Pages[Version] = field(default_factory=Pages)
    is_listed: bool = False
    runs_after: int = 0  # the runs of versions up to this key are read
    runs_are_read: bool = False
    everything: bool = False  # this sweep reads all points anew

    def plain(self) -> dict[str, Any]:
        """Return it as what a JSON column holds; nothing before the first page."""
        if not (self.is_listed or self.models.count):
            return {}
        lists = {} if self.is_listed else {"models": _plain(self.models)}
        if not self.is_listed and self.versions.count:
            lists["versions"] = _plain(self.versions)
        return {
            "begun_at": self.begun_at.isoformat(),
            "is_listed": self.is_listed,
            "runs_after": self.runs_after,
            "runs_are_read": self.runs_are_read,
            "everything": self.everything,
            **lists,
        }


def resume(kept: dict[str, Any], *, at: datetime, pause: timedelta) -> Progress:
    """Return where the last look stopped, or a new sweep if the next one is due by now."""
    try:
        begun_at = datetime.fromisoformat(kept["begun_at"])
        longest = pause if kept["runs_are_read"] else max(pause, _LONGEST)
        if not timedelta() <= at - begun_at < longest:
            return Progress(at)
        return Progress(
            begun_at,
            models=_pages(kept.get("models", {}), Model),
            versions=_pages(kept.get("versions", {}), _version),
            is_listed=kept["is_listed"],
            runs_after=kept["runs_after"],
            runs_are_read=kept["runs_are_read"],
            everything=kept["everything"],
        )
    except (KeyError, TypeError, ValueError):
        return Progress(at)  # Written by another release of Muster.


def _plain(pages: Pages[Any]) -> dict[str, Any]:
    found = [asdict(item) for item in pages.found]
    for item in found:
        if "created_at" in item:
            item["created_at"] = item["created_at"].isoformat()
    return {"token": pages.token, "count": pages.count, "whole": pages.is_whole, "found": found}


def _pages(kept: dict[str, Any], make: Any) -> Pages[Any]:
    if not kept:
        return Pages()
    found = [make(**item) for item in kept["found"]]
    return Pages(found, token=kept["token"], count=kept["count"], is_whole=kept["whole"])


def _version(created_at: str, **more: Any) -> Version:
    return Version(created_at=datetime.fromisoformat(created_at), **more)
