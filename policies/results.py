"""The result of a gate or a control, with its reason in words. Pure.

Six results, and only `satisfied` (or a waiver, which is a person's act) lets pass: what could
not be found out is `unknown`, never satisfied.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SATISFIED = "satisfied"
FAILED = "failed"
EXPIRED = "expired"
WAIVED = "waived"
NOT_APPLICABLE = "not_applicable"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What was found, why, what was looked at, and what would mend it."""

    result: str
    reason: str
    mend: str = ""
    seen: dict[str, Any] = field(default_factory=dict)
    holds_until: datetime | None = None


def satisfied(
    reason: str, *, holds_until: datetime | None = None, mend: str = "", **seen: Any
) -> Finding:
    """Say that it is as it should be, and until when that may be believed."""
    return Finding(SATISFIED, reason, mend, seen, holds_until)


def failed(reason: str, mend: str = "", **seen: Any) -> Finding:
    """Say that it was looked at and is not as it should be."""
    return Finding(FAILED, reason, mend, seen)


def expired(reason: str, mend: str = "", **seen: Any) -> Finding:
    """Say that it was satisfied once, by evidence that is too old now."""
    return Finding(EXPIRED, reason, mend, seen)


def not_applicable(reason: str, **seen: Any) -> Finding:
    """Say why it is not asked of this model."""
    return Finding(NOT_APPLICABLE, reason, "", seen)


def unknown(reason: str, mend: str = "", **seen: Any) -> Finding:
    """Say what could not be found out."""
    return Finding(UNKNOWN, reason, mend, seen)
