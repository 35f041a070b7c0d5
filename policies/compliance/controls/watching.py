"""MON-01, MON-02 and MON-05: the plan, whether it is alive, and whether anybody acts on it."""

from datetime import datetime, timedelta
from typing import Any

from policies.compliance.controls.windows import LOOKED, PUT_CHECK, not_in_use, silent_from
from policies.compliance.seen import ControlFacts
from policies.results import Finding, expired, failed, satisfied, unknown

COVERED = 0.95
# Working days from a breach to somebody's act, by tier.
ACT_WITHIN = {1: 2, 2: 5, 3: 10}


def plan_with_numbers(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """MON-01: data and performance are watched, each with limit, interval and consequence."""
    if finding := not_in_use(facts):
        return finding
    data, quality = facts.watching("data"), facts.watching("performance", "metric")
    checks = (*data, *quality, *facts.watching("fairness"))
    gaps = [] if data else ["no data check"]
    gaps += [] if quality else ["no performance check"]
    for check in checks:
        gaps += [] if check.has_limits else [f"{check.slug} has no limit"]
        gaps += [] if check.has_severity else [f"{check.slug} does not say how grave a breach is"]
    if not facts.record.owner.active:
        gaps.append("nobody active would be told")
    seen: dict[str, Any] = {"checks": [check.slug for check in checks]}
    if gaps:
        return failed(f"The monitoring plan has gaps: {'; '.join(gaps)}.", PUT_CHECK, **seen)
    changed = max(check.changed_at for check in checks)
    ends = None if days is None else changed + timedelta(days=days)
    if ends is not None and at >= ends:
        return expired(
            f"The plan was last looked at on {changed:%Y-%m-%d}, more than {days} days ago.",
            "Look through the checks and put them again.",
            **seen,
        )
    return satisfied(
        f"{len(checks)} checks have limits, intervals and consequences, and the owner is told.",
        holds_until=ends,
        **seen,
    )


def monitor_alive(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """MON-02: every check has looked at its latest windows; absence is a failure of its own."""
    if finding := not_in_use(facts):
        return finding
    checks = facts.watching("data", "performance", "metric", "fairness")
    if not checks:
        return failed("The model is unmonitored: no check looks at it.", PUT_CHECK)
    due = [check for check in checks if check.windows]
    if not due:
        return unknown("No window is due yet.")
    # Labels take their time: the newest due window of who waits for them is old by design.
    prompt = [check for check in due if check.kind not in ("performance", "fairness")]
    silent = [check.slug for check in prompt if at >= silent_from(check, check.windows[-1])]
    windows = [window for check in due for window in check.windows]
    covered = sum(window.state in LOOKED for window in windows)
    seen: dict[str, Any] = {"windows": len(windows), "covered": covered, "silent": silent}
    if silent:
        text = f"No window came due lately for: {', '.join(silent)}."
        return failed(text, "See whether the workers and the sweep run.", **seen)
    text = f"{covered} of the latest {len(windows)} windows were looked at"
    if covered < COVERED * len(windows):
        return failed(
            f"{text}; {COVERED:.0%} are asked for.",
            "See which windows were missed or could not be looked at.",
            **seen,
        )
    ends = min((silent_from(check, check.windows[-1]) for check in prompt), default=None)
    return satisfied(f"{text}.", holds_until=ends, **seen)


def breach_acted_on(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """MON-05: every case is taken up in time, and closed with its cause."""
    if finding := not_in_use(facts):
        return finding
    limit = ACT_WITHIN.get(facts.tier.tier, max(ACT_WITHIN.values()))
    waiting = [c for c in facts.cases if c.acknowledged_at is None and c.closed_at is None]
    late = [c for c in waiting if at >= working_days_after(c.opened_at, limit)]
    nameless = [
        case
        for case in facts.cases
        if case.closed_at and case.verdict != "recovered" and not (case.verdict and case.root_cause)
    ]
    seen: dict[str, Any] = {
        "cases": len(facts.cases),
        "late": [case.number for case in late],
        "without_cause": [case.number for case in nameless],
    }
    if late:
        first = min(late, key=lambda case: case.opened_at)
        return failed(
            f"INC-{first.number} ({first.title}) is open since {first.opened_at:%Y-%m-%d} and"
            f" nobody took it up within {limit} working days.",
            f"Acknowledge INC-{first.number} and say what will be done.",
            **seen,
        )
    if nameless:
        return failed(
            f"INC-{nameless[0].number} was closed without a cause.",
            "Say what the cause was; a case closes with its verdict and root cause.",
            **seen,
        )
    ends = min((working_days_after(c.opened_at, limit) for c in waiting), default=None)
    if not facts.cases:
        return satisfied("No breach has opened a case.", **seen)
    word = "case was" if len(facts.cases) == 1 else "cases were"
    text = f"{len(facts.cases) - len(waiting)} of {len(facts.cases)} {word} taken up"
    in_time = f"; {len(waiting)} still inside {limit} working days" if waiting else ""
    return satisfied(f"{text}{in_time}.", holds_until=ends, **seen)


def working_days_after(start: datetime, days: int) -> datetime:
    """Return the time `days` working days (Monday to Friday) after `start`."""
    moment, left = start, days
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() < 5
    return moment
