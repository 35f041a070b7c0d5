"""What several controls ask of a check's windows: which is newest, and until when it counts."""

from datetime import datetime, timedelta

from policies.compliance.seen import CheckSeen, ControlFacts, WindowSeen
from policies.results import Finding, not_applicable

# Data faults were looked at; the other faults say that nobody could look.
LOOKED = ("ok", "drift", "breach", "data_fault")
# What a batch may be late by before a verdict counts as old.
GRACE = timedelta(days=2)
PUT_CHECK = "PUT /api/v1/models/<slug>/checks/<check>/"


def not_in_use(facts: ControlFacts) -> Finding | None:
    """Return `not_applicable` for a model that nobody relies on yet or any more."""
    if facts.in_use:
        return None
    return not_applicable(f"The model is {facts.lifecycle_words}; nothing serves.")


def latest(checks: tuple[CheckSeen, ...]) -> tuple[CheckSeen, WindowSeen] | None:
    """Return the newest due window of the given checks, whatever its verdict."""
    found = [(check, check.windows[-1]) for check in checks if check.windows]
    return max(found, key=lambda pair: pair[1].end, default=None)


def believed_until(check: CheckSeen, window: WindowSeen, *, days: int | None) -> datetime:
    """Return when a verdict is too old: after the control's days, or the check's own interval."""
    return window.end + timedelta(days=max(days or 0, check.every_days)) + GRACE


def silent_from(check: CheckSeen, window: WindowSeen) -> datetime:
    """Return when a check counts as silent: two intervals without a newer window."""
    return window.end + timedelta(days=2 * check.every_days) + GRACE


def why(window: WindowSeen) -> str:
    """Return the reason of a verdict, or its name in words."""
    return window.reason.rstrip(".") or window.state.replace("_", " ")
