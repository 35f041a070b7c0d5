"""Compare what MLflow holds of a version with what was recorded, and write down what differs.

The record is what was read first: a file that came later is added to it, but a file that changed
or went never replaces what was recorded, or else overwriting it would leave no trace.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.models import ModelEvent, ModelVersion

Files = Mapping[str, Mapping[str, Any]]  # {path: {"size": bytes, "digest": SHA-256 or ''}}
Kind = ModelEvent.Kind
_NAMED = 50  # paths in one event


@dataclass(frozen=True)
class Difference:
    """Paths whose digests differ, that went, and that nobody could compare."""

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def broken(self) -> list[str]:
        """Return what is not as it was recorded, in the order of paths."""
        return sorted([*self.changed, *self.gone])


def compare(recorded: Files, found: Files) -> Difference:
    """Return how the files found differ from those recorded; a new file is no difference."""
    changed, gone, unread = [], [], []
    for path, file in recorded.items():
        if path not in found:
            gone.append(path)
        elif not file["digest"] or not found[path]["digest"]:
            unread.append(path)
        elif file["digest"] != found[path]["digest"]:
            changed.append(path)
    return Difference(tuple(changed), tuple(gone), tuple(unread))


def keep(recorded: Files, found: Files) -> dict[str, dict[str, Any]]:
    """Return the record after another look: what was known stays, what is new is added."""
    known = {path: file for path, file in recorded.items() if file["digest"]}
    return {path: dict(file) for path, file in {**found, **known}.items()}


def note(
    version: ModelVersion,
    faults: Mapping[str, Mapping[str, Any]],
    *,
    looked_at: Iterable[str],
    at: datetime,
) -> None:
    """Write an event for each fault that is new, and one for those that are over.

    `faults` are {kind of event: detail}; only kinds in `looked_at` can have come or gone. Call it
    in the transaction in which the version is locked or leased.
    """
    before = dict(version.integrity_faults)
    now = {kind: detail for kind, detail in before.items() if kind not in set(looked_at)}
    now |= {str(kind): dict(detail) for kind, detail in faults.items()}
    for kind, detail in now.items():
        if before.get(kind) != detail:
            _tell(version, kind, detail, at=at)
    over = sorted(before.keys() - now.keys())
    if over:
        _tell(version, Kind.INTEGRITY_RESTORED, {"over": over}, at=at)
    version.integrity_faults = now
    ModelVersion.objects.filter(pk=version.pk).update(integrity_faults=now)


def digest_of(files: Files) -> str:
    """Return one digest over all files, or '' while that of one is unknown."""
    if not files or not all(file["digest"] for file in files.values()):
        return ""
    lines = [f"{path}\0{file['digest']}\n" for path, file in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def files_fault(difference: Difference) -> dict[str, dict[str, Any]]:
    """Return the fault that a difference of files is, or nothing."""
    broken = difference.broken
    return {Kind.ARTIFACT_CHANGED: {"files": broken[:_NAMED]}} if broken else {}


def _tell(version: ModelVersion, kind: str, detail: Mapping[str, Any], *, at: datetime) -> None:
    ModelEvent.objects.create(
        kind=kind,
        source_model_id=version.source_model_id,
        model_id=version.source_model.registered_model_id,
        version=version,
        detail={"number": version.number, **detail},
        at=at,
    )
