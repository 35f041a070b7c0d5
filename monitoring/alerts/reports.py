"""The letters that come whether or not anything is wrong: an owner's week, a unit's month; pure.

A report says what was watched and what was not, so that silence is never taken for health.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from monitoring.alerts.message import SHAPES, Letter

_ORDER = ("critical", "unknown", "watch", "paused", "ok")
_MOST_MODELS = 200
MONDAY = 0


@dataclass(frozen=True)
class ModelSpan:
    """How one model fared in the span of a report."""

    slug: str
    name: str
    state: str  # of its health now; unknown when nobody watches it
    reason: str
    opened: int  # alerts that opened in the span
    resolved: int
    changes: int  # of its health
    unknown_share: float  # of the span in which its health was not known


@dataclass(frozen=True)
class Span:
    """What a report tells."""

    name: str  # "your week" or "the month of Fraud"
    start: datetime
    end: datetime
    models: Sequence[ModelSpan]
    cases_opened: int
    cases_closed: int
    cases_open: int
    messages: int  # that interrupted the reader (or, of a unit, its people)
    flagged_rules: Sequence[str]
    url: str
    why: str


def compose(span: Span) -> Letter:
    """Write the report; models that need somebody come first, each with its reason."""
    rows = sorted(span.models, key=lambda one: (_ORDER.index(one.state), -one.opened, one.slug))
    counts = {state: sum(one.state == state for one in rows) for state in _ORDER}
    worst = next((state for state in _ORDER if counts[state]), "unknown")
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "no model"
    days = f"{span.start:%-d %b} to {span.end - timedelta(seconds=1):%-d %b %Y}"
    parts = (
        ("Models now", _models(rows)),
        ("In this time", _happened(span)),
        ("Could not be looked at", _blind(rows)),
        ("Rules that are seldom right", tuple(span.flagged_rules[:20])),
    )
    return Letter(
        subject=f"{SHAPES.get(worst, SHAPES['unknown'])} {_upper(span.name)}, {days}: {told}",
        state=worst,
        lead=f"{_upper(span.name)}, {days}: {told}.",
        parts=tuple((label, lines) for label, lines in parts if lines),
        action="Open the fleet",
        url=span.url,
        footer=(span.why,),
    )


def next_week(after: datetime, *, wall: time, zone: tzinfo) -> datetime:
    """Return the next Monday at that time on the reader's wall, strictly after a moment."""
    day = after.astimezone(zone).date()
    day += timedelta(days=(MONDAY - day.weekday()) % 7)
    due = datetime.combine(day, wall, zone).astimezone(UTC)
    if due <= after:
        due = datetime.combine(day + timedelta(days=7), wall, zone).astimezone(UTC)
    return due


def next_month(after: datetime, *, wall: time) -> datetime:
    """Return the next first of a month at that time in UTC, strictly after a moment."""
    first = after.astimezone(UTC).date().replace(day=1)
    due = datetime.combine(first, wall, UTC)
    if due <= after:
        first = (first + timedelta(days=32)).replace(day=1)
        due = datetime.combine(first, wall, UTC)
    return due


def month_of(moment: datetime) -> datetime:
    """Return the start of the month, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_before(moment: datetime) -> datetime:
    """Return the start of the month before."""
    return month_of(month_of(moment) - timedelta(days=1))


def _models(rows: Sequence[ModelSpan]) -> tuple[str, ...]:
    lines = [
        f"{SHAPES.get(one.state, '‖')} {one.name} ({one.slug}): {one.state}. {one.reason}".rstrip()
        for one in rows[:_MOST_MODELS]
        if one.state != "ok"
    ]
    good = [one for one in rows if one.state == "ok"]
    if good:
        names = ", ".join(one.slug for one in good[:_MOST_MODELS])
        more = f" and {len(good) - _MOST_MODELS} more" if len(good) > _MOST_MODELS else ""
        lines.append(f"{SHAPES['ok']} ok: {names}{more}.")
    return tuple(lines) or ("You answer for no model.",)


def _happened(span: Span) -> tuple[str, ...]:
    opened = sum(one.opened for one in span.models)
    resolved = sum(one.resolved for one in span.models)
    changed = [one for one in span.models if one.changes]
    lines = [
        f"{opened} alerts opened, {resolved} ended; {span.cases_opened} incidents opened,"
        f" {span.cases_closed} were closed, {span.cases_open} are open.",
        f"{span.messages} messages interrupted somebody.",
    ]
    if changed:
        names = ", ".join(f"{one.slug} ({one.changes})" for one in changed[:20])
        lines.append(f"Health changed: {names}.")
    return tuple(lines)


def _blind(rows: Sequence[ModelSpan]) -> tuple[str, ...]:
    blind = [one for one in rows if one.unknown_share >= 0.01]
    return tuple(f"{one.slug}: {one.unknown_share:.0%} of the time." for one in blind[:50])


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
