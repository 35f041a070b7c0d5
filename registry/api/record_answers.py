"""What the API answers about records: gaps, rulebooks, scope and tier overrides."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from registry import overrides
from registry.assessment import Assessed
from registry.models import RegisteredModel, TierOverride
from registry.record.completeness import Gap
from registry.regimes.packs import Pack
from registry.scope import Determination


class TagAnswer(BaseModel):
    name: str
    reason: str


class GapAnswer(BaseModel):
    """One field that is asked for and empty."""

    field: str
    label: str
    group: str
    why: str
    who: str
    due: datetime
    overdue: bool
    mend: str


class CompletenessAnswer(BaseModel):
    """How much of what is asked for is there, and what is not."""

    filled: int
    wanted: int
    overdue: int
    tier: int
    tags: list[TagAnswer]
    gaps: list[GapAnswer]
    values: dict[str, Any]
    sources: dict[str, str]


class RegimeAnswer(BaseModel):
    """One rulebook; `status` says in words what it is worth today."""

    id: str
    version: str
    title: str
    jurisdiction: str
    legal_status: str
    status: str
    stages: list[str]
    published: date | None
    applies_from: date | None
    applies_to: date | None
    supersedes: list[str]
    where: list[str]
    trigger: dict[str, Any]
    controls: list[str]
    parameters: list[dict[str, str]]
    sources: list[dict[str, str]]
    checked_on: date | None
    trust: str
    note: str


class RegimesAnswer(BaseModel):
    results: list[RegimeAnswer]


class DecidedAnswer(BaseModel):
    """What a person decided, under which version and on which facts."""

    result: str
    reason: str
    by: str
    at: datetime
    pack_version: str
    facts: dict[str, Any]


class ScopeAnswer(BaseModel):
    """One model and one rulebook: what the facts say, what a person said, and what holds."""

    regime: str
    title: str
    pack_version: str
    status: str
    result: str
    computed: str
    computed_reason: str
    facts: dict[str, Any]
    decided: DecidedAnswer | None
    differs: bool
    reopened: str


class ScopesAnswer(BaseModel):
    results: list[ScopeAnswer]


class OverrideAnswer(BaseModel):
    """One tier set by a person: asked for, in force, or over."""

    id: int
    tier: int
    computed_tier: int
    state: str
    reason: str
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str


class TierAnswer(BaseModel):
    """The tier that holds, the rule's, and every override there was, newest first."""

    tier: int
    computed_tier: int
    tier_reasons: list[str]
    rule_version: str
    results: list[OverrideAnswer]


def completeness(model: RegisteredModel, found: Assessed) -> CompletenessAnswer:
    state = found.completeness
    return CompletenessAnswer(
        filled=state.filled,
        wanted=state.wanted,
        overdue=state.overdue,
        tier=model.tier,
        tags=[TagAnswer(name=tag.name, reason=tag.reason) for tag in found.facts.tags],
        gaps=[_gap(gap) for gap in state.gaps],
        values={key: held.value for key, held in found.facts.held.items()},
        sources={key: held.source for key, held in found.facts.held.items()},
    )


def _gap(gap: Gap) -> GapAnswer:
    return GapAnswer(**vars(gap))


def regime(pack: Pack, day: date) -> RegimeAnswer:
    plain = pack.model_dump(mode="json", exclude={"stages"})
    return RegimeAnswer(**plain, status=pack.status_on(day), stages=pack.stages_on(day))


def scope(row: Determination) -> ScopeAnswer:
    made = row.decision
    decided = (
        made
        if made is None
        else DecidedAnswer(
            result=made.result,
            reason=made.reason,
            by=made.by.email if made.by else "",
            at=made.at,
            pack_version=made.pack_version,
            facts=made.facts,
        )
    )
    return ScopeAnswer(
        regime=row.pack.id,
        title=row.pack.title,
        pack_version=row.pack.version,
        status=row.status,
        result=row.result,
        computed=row.computed,
        computed_reason=row.computed_reason,
        facts=row.facts,
        decided=decided,
        differs=row.differs,
        reopened=row.reopened,
    )


def override(row: TierOverride, computed: int, *, at: datetime) -> OverrideAnswer:
    state = "ended" if row.ended_at else "asked"
    if overrides.holds(row, computed, at=at):
        state = "in_force"
    return OverrideAnswer(
        id=row.pk,
        tier=row.tier,
        computed_tier=row.computed_tier,
        state=state,
        reason=row.reason,
        requested_by=row.requested_by.email,
        requested_at=row.requested_at,
        approved_by=row.approved_by.email if row.approved_by else None,
        approved_at=row.approved_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by.email if row.ended_by else None,
        end_reason=row.end_reason,
    )
