"""Decide who hears of a case next, and when, while nobody acknowledges it; pure.

Tier 1, critical: the deputy after 4 hours, the unit's admins after 24. Tier 2, critical: after 24
and 72. All else: nobody but the owner. A fault of a pipeline is told to who looks after it; the
model's owner hears of it a day later, or with the first of these steps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OWNER, DEPUTY, ADMINS = "owner", "deputy", "unit admins"


@dataclass(frozen=True)
class Step:
    """Whom the case is passed on to, so long after it began."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """What is known about an open incident."""

    severity: str
    tier: int
    began_at: datetime  # since when it is as bad as it is
    pipeline: bool = False  # who looks after the pipeline was told instead of the model's owner
    escalated: int = 0
    acknowledged: bool = False
    acknowledged_until: datetime | None = None
    snoozed_until: datetime | None = None
    reminded_at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """What Muster does about the case now, and when it looks again."""

    wakes: bool = False
    reopens: bool = False
    steps: tuple[Step, ...] = ()
    reminds: bool = False
    next_at: datetime | None = None


def steps(case: Case) -> tuple[Step, ...]:
    """Return whom the case is passed on to, in their order."""
    first: tuple[str, ...] = (OWNER, DEPUTY) if case.pipeline else (DEPUTY,)
    if case.severity == "critical" and case.tier == 1:
        return (Step(4 * HOUR, first), Step(DAY, (ADMINS,)))
    if case.severity == "critical" and case.tier == 2:
        return (Step(DAY, first), Step(3 * DAY, (ADMINS,)))
    return (Step(DAY, (OWNER,)),) if case.pipeline else ()


def next_step(case: Case) -> tuple[Step, datetime] | None:
    """Return the next step and when it is due, or None when nobody is left."""
    left = steps(case)[case.escalated :]
    return (left[0], since(case) + left[0].after) if left else None


def since(case: Case) -> datetime:
    """Return from when the waiting counts: an acknowledgment that has ended begins it anew."""
    return max(case.began_at, case.acknowledged_until or case.began_at)


def by_hand(case: Case) -> Step | None:
    """Return whom a person passes the case on to now: also where nothing would be by itself."""
    left = (steps(case) or (Step(DAY, (DEPUTY,)), Step(DAY, (ADMINS,))))[case.escalated :]
    return left[0] if left else None


def attend(case: Case, *, at: datetime) -> Due:
    """Return what is due for an open case."""
    snoozed = case.snoozed_until is not None and case.snoozed_until > at
    if snoozed and not (case.severity == "critical" and case.tier == 1):
        return Due(next_at=case.snoozed_until)
    wakes = case.snoozed_until is not None and not snoozed
    if case.acknowledged:
        until = case.acknowledged_until
        if until is None or until > at:
            return Due(wakes=wakes, next_at=until)
    left = steps(case)[case.escalated :]
    start = since(case)
    due = tuple(step for step in left if start + step.after <= at)
    later = [start + step.after for step in left[len(due) :]]
    reminds = False
    if snoozed and case.snoozed_until is not None:
        # One person cannot keep a critical case of tier 1 from the others: the steps go on.
        later.append(case.snoozed_until)
    elif case.severity == "critical":
        reminded = max(start, case.reminded_at or start)
        reminds = reminded + DAY <= at
        later.append(at + DAY if reminds else reminded + DAY)
    return Due(
        wakes=wakes,
        reopens=case.acknowledged,
        steps=due,
        reminds=reminds,
        next_at=min(later, default=None),
    )
