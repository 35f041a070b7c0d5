"""VAL-03 and MON-04: whether answers are compared with what came true, and how they stand."""

from datetime import datetime
from typing import Any

from policies.compliance.controls.windows import (
    PUT_CHECK,
    believed_until,
    latest,
    not_in_use,
    why,
)
from policies.compliance.seen import CheckSeen, ControlFacts, WindowSeen
from policies.results import Finding, expired, failed, satisfied, unknown


def _measured(facts: ControlFacts) -> tuple[CheckSeen, WindowSeen] | Finding:
    """Return the newest performance window that was measured, or why there is none."""
    if finding := not_in_use(facts):
        return finding
    checks = facts.watching("performance")
    if not checks:
        return failed(
            "No performance check compares answers with what came true.",
            f"{PUT_CHECK} with kind performance.",
        )
    newest = latest(checks)
    if newest is None:
        return unknown("No window's labels are due yet.")
    check, window = newest
    if window.state not in ("ok", "breach"):
        return unknown(
            f"The window of {window.start:%Y-%m-%d} could not be measured: {why(window)}.",
            "Land the labels, or mend what the run's page names.",
            check=check.slug,
            state=window.state,
        )
    return check, window


def outcomes_compared(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """VAL-03: answers were compared with reality, recently, on enough labels."""
    found = _measured(facts)
    if isinstance(found, Finding):
        return found
    check, window = found
    ends = believed_until(check, window, days=days)
    share = "" if window.completeness is None else f" on {window.completeness:.0%} of the rows"
    text = f"Answers of the window of {window.start:%Y-%m-%d} were compared with what came true"
    seen: dict[str, Any] = {"check": check.slug, "completeness": window.completeness}
    if at >= ends:
        return expired(f"{text}; nothing newer was.", "Land newer labels.", **seen)
    return satisfied(f"{text}{share}.", holds_until=ends, **seen)


def performance_inside_limits(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """MON-04: the newest window whose labels have come is recent and inside its limits."""
    found = _measured(facts)
    if isinstance(found, Finding):
        return found
    check, window = found
    ends = believed_until(check, window, days=days)
    seen: dict[str, Any] = {"check": check.slug, "state": window.state}
    name = f"The window of {window.start:%Y-%m-%d}"
    # A broken limit does not heal by growing old: only what was satisfied expires.
    if window.state == "breach":
        return failed(f"{name} missed its limit: {why(window)}.", "See the run's page.", **seen)
    if at >= ends:
        return expired(f"{name} is the latest that was measured.", "Land newer labels.", **seen)
    return satisfied(f"{name} is inside its limits.", holds_until=ends, **seen)
