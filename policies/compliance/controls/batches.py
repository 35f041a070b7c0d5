"""DAT-03 and MON-03: whether what the model is asked is looked at, before and after drift."""

from datetime import datetime
from typing import Any

from policies.compliance.controls.windows import (
    LOOKED,
    PUT_CHECK,
    believed_until,
    latest,
    not_in_use,
    silent_from,
    why,
)
from policies.compliance.seen import ControlFacts
from policies.results import Finding, expired, failed, satisfied, unknown


def contract_checked(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """DAT-03: the newest batch met its contract before any verdict on drift was given."""
    if finding := not_in_use(facts):
        return finding
    checks = facts.watching("data")
    if not checks:
        text = "No data check looks at what the model is asked."
        return failed(text, f"{PUT_CHECK} with kind data.")
    newest = latest(checks)
    if newest is None:
        return unknown("No window is due yet.")
    check, window = newest
    seen: dict[str, Any] = {"check": check.slug, "state": window.state}
    name = f"The batch of {window.start:%Y-%m-%d}"
    if window.state == "data_fault":
        return failed(
            f"{name} broke the contract: {why(window)}.",
            "Mend the pipeline and land the batch again; see the run's page.",
            **seen,
        )
    if window.state not in LOOKED:
        return unknown(
            f"{name} could not be checked: {why(window)}.", "See the run's page.", **seen
        )
    ends = silent_from(check, window)
    if at >= ends:
        text = f"{name} was the latest that was checked."
        return expired(text, "See the source's page.", **seen)
    return satisfied(f"{name} met its contract.", holds_until=ends, **seen)


def drift_by_segment(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """MON-03: inputs and answers were compared with the reference, also by segment."""
    if finding := not_in_use(facts):
        return finding
    checks = facts.watching("data")
    if not checks:
        return failed("No data check measures drift.", f"{PUT_CHECK} with kind data.")
    newest = latest(tuple(check for check in checks if check.segments_wanted))
    if not any(check.segments_wanted for check in checks):
        return failed(
            "Drift is measured overall only; no segments are named.",
            'Name columns in the check, such as "segments": ["region"].',
        )
    if newest is None:
        return unknown("No window is due yet.")
    check, window = newest
    seen: dict[str, Any] = {
        "check": check.slug,
        "segments": check.segments_read,
        "state": window.state,
    }
    name = f"The window of {window.start:%Y-%m-%d}"
    if window.state not in ("ok", "drift"):
        text = f"{name} has no drift verdict: {why(window)}."
        return unknown(text, "See the run's page.", **seen)
    ends = believed_until(check, window, days=days)
    if at >= ends:
        text = f"{name} is the latest that was measured."
        return expired(text, "See the source's page.", **seen)
    if not check.segments_read:
        return unknown(
            f"{name} was measured, but no segment had enough rows.",
            'Lower "segment_min_rows" or name coarser segments.',
            **seen,
        )
    verdict = "drift" if window.state == "drift" else "no drift"
    return satisfied(
        f"{name} was measured overall and in {check.segments_read} segments: {verdict}.",
        holds_until=ends,
        **seen,
    )
