"""Say what a record still lacks, who should fill it and by when. Pure: facts and a time in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from registry.record.fields import EVERY, TIERS, RecordField, fields
from registry.record.tags import Tag

# Days to fill what is missing, counted from the day it was first asked for.
DAYS = {1: 30, 2: 60, 3: 90, 4: 90}
TYPED, MLFLOW, COMPUTED = "typed", "mlflow", "computed"


@dataclass(frozen=True)
class Held:
    """A value with where it is from: typed by people, read from MLflow, or computed."""

    value: Any
    source: str


@dataclass(frozen=True)
class RecordFacts:
    """What is known of one model: its values by field, its tier and tags, and since when."""

    tier: int
    tags: tuple[Tag, ...]
    held: Mapping[str, Held]
    registered_at: datetime
    tier_since: datetime
    tag_since: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Gap:
    """One field that is asked for and empty."""

    field: str
    label: str
    group: str
    why: str
    who: str
    due: datetime
    overdue: bool
    mend: str


@dataclass(frozen=True)
class Completeness:
    """How much of what is asked for is there."""

    filled: int
    wanted: int
    gaps: tuple[Gap, ...]

    @property
    def overdue(self) -> int:
        """Return how many gaps are past their day."""
        return sum(gap.overdue for gap in self.gaps)

    @property
    def next_due(self) -> datetime | None:
        """Return the first day that a gap is due and not yet past, or None."""
        return min((gap.due for gap in self.gaps if not gap.overdue), default=None)


def assess(facts: RecordFacts, *, at: datetime) -> Completeness:
    """Return what the record lacks at a time, the most urgent gap first."""
    asked = [item for item in fields() if reasons(item, facts)]
    gaps = [_gap(item, facts, at=at) for item in asked if not is_filled(facts.held.get(item.key))]
    gaps.sort(key=lambda gap: gap.due)
    return Completeness(len(asked) - len(gaps), len(asked), tuple(gaps))


def is_filled(held: Held | None) -> bool:
    """Say whether a field has a value; no and zero are values."""
    return held is not None and held.value not in (None, "", [], {}, ())


def reasons(item: RecordField, facts: RecordFacts) -> dict[str, str]:
    """Return why a field is asked for: `all`, a tier or tags, with words."""
    found = {}
    tier = TIERS[facts.tier]
    if EVERY in item.mandatory_for:
        found[EVERY] = "asked of every model"
    if tier in item.mandatory_for:
        found[tier] = f"asked of {tier}"
    for tag in facts.tags:
        if tag.name in item.mandatory_for:
            found[tag.name] = f"asked because {tag.reason} ({tag.name})"
    return found


def _gap(item: RecordField, facts: RecordFacts, *, at: datetime) -> Gap:
    why = reasons(item, facts)
    due = min(_since(rule, facts) for rule in why) + timedelta(days=DAYS[facts.tier])
    if item.not_before is not None:
        due = max(due, datetime.combine(item.not_before, time(), UTC))
    return Gap(
        field=item.key,
        label=item.label,
        group=item.group,
        why="; ".join(why.values()),
        who=item.who,
        due=due,
        overdue=at >= due,
        mend=_mend(item),
    )


def _since(rule: str, facts: RecordFacts) -> datetime:
    known = [facts.registered_at, facts.tier_since]
    return max(*known, facts.tag_since.get(rule, facts.registered_at))


def _mend(item: RecordField) -> str:
    if item.held == "mlflow":
        return f"Log it with the run: {item.log}."
    path = {"column": item.key, "answers": "tier_answers"}.get(item.held, f"record.{item.key}")
    if item.held == "computed":
        return "Decide on the rulebooks: PUT /api/v1/models/<slug>/scope/<regime>/."
    mend = f"PATCH /api/v1/models/<slug>/ with {path}, or fill it on the record's page"
    return f"{mend}; or log it with the run: {item.log}." if item.log else f"{mend}."
