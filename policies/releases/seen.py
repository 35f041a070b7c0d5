"""What the gates look at, as plain values. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from policies.results import Finding, unknown


@dataclass(frozen=True)
class VersionSeen:
    """A version with what its training run left in MLflow."""

    number: int
    created_at: datetime
    run_id: str = ""
    evidence_read: bool = True  # whether the run could be read at all
    evidence_fault: str = ""
    digest: str = ""
    files: tuple[str, ...] = ()
    deleted: bool = False
    params: int = 0
    inputs: tuple[str, ...] | None = None  # columns of the signature; None: no signature
    dataset_digests: tuple[str, ...] = ()
    git_commit: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GateFacts:
    """A version, the model it belongs to, and the version that served before it."""

    tier: int
    judges_people: bool | None  # None: nobody answered
    version: VersionSeen
    previous: VersionSeen | None = None


def unread(version: VersionSeen) -> Finding | None:
    """Return `unknown` when the version's run was not read, or not to its end, else None.

    To be asked about what is missing: what is there can be judged, whatever else was unreadable.
    """
    if version.evidence_fault:
        fault = " ".join(version.evidence_fault.split())[:300].rstrip(".")
        return unknown(
            f"The run of version {version.number} could not be read fully: {fault}.",
            "Mend what is named; Muster reads it again when an alias moves to the version.",
        )
    if not version.evidence_read:
        return unknown(f"The run of version {version.number} has not been read yet.")
    return None
