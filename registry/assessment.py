"""Gather what is known of a model's record and say how complete it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, OuterRef, Subquery, Value, When

from registry import overrides, queries, scope, tiering
from registry.models import AliasEvent, ModelRevision, ModelVersion, RegisteredModel, SourceModel
from registry.record import completeness, holding, tags
from registry.record.completeness import Completeness, RecordFacts
from registry.record.prefill import MLflowSide, prefill
from registry.record.tags import Tag
from registry.scope import Determination


@dataclass(frozen=True)
class Assessed:
    """A record with its values, what it lacks, and the rulebooks it falls under."""

    facts: RecordFacts
    completeness: Completeness
    determinations: Sequence[Determination]


def assess(model: RegisteredModel, *, at: datetime) -> Assessed:
    """Return the record of a model as it stands, with what it lacks."""
    found = scope.determinations(model, at=at)
    facts = _facts(model, found, at=at)
    return Assessed(facts, completeness.assess(facts, at=at), found)


def _facts(model: RegisteredModel, found: list[Determination], *, at: datetime) -> RecordFacts:
    carried = tags.tags(tags.facts(holding.said(model)))
    tier_since, tag_since = _since(model, carried)
    computed = {
        "model_id": f"{model.slug} ({model.uuid})",
        "tier": _tier(model),
        "tier_override": _override(model, at=at),
        "scope_determinations": _decided(found),
    }
    return RecordFacts(
        tier=model.tier,
        tags=carried,
        held=holding.held(model, prefill(_mlflow(model)), computed),
        registered_at=model.created_at,
        tier_since=tier_since,
        tag_since=tag_since,
    )


def _tier(model: RegisteredModel) -> str:
    return f"{tiering.name(model.tier)} by rule {tiering.RULE_VERSION}"


def _override(model: RegisteredModel, *, at: datetime) -> str | None:
    override = overrides.open_one(model)
    if override is None:
        return None
    state = "in force" if overrides.holds(override, model.computed_tier, at=at) else "asked for"
    until = f" until {override.ends_at:%Y-%m-%d}" if override.ends_at else ""
    return f"{tiering.name(override.tier)}, {state}{until}: {override.reason}"


def _decided(found: Iterable[Determination]) -> str | None:
    rows = list(found)
    if any(row.is_open for row in rows):
        return None
    inside = [row.pack.id for row in rows if row.result == scope.IN]
    return f"{len(rows)} decided; in scope of {', '.join(inside) or 'none'}"


def _since(model: RegisteredModel, carried: Sequence[Tag]) -> tuple[datetime, dict[str, datetime]]:
    """Return since when the model has its tier and each of its tags, from its revisions."""
    tier_since, open_tier = model.created_at, True
    tag_since = {tag.name: model.created_at for tag in carried}
    open_tags = set(tag_since)
    rows = ModelRevision.objects.filter(model=model).order_by("-number")
    for validity, snapshot in rows.values_list("validity", "snapshot").iterator(chunk_size=20):
        if open_tier and snapshot.get("tier") == model.tier:
            tier_since = validity.lower
        else:
            open_tier = False
        open_tags &= {tag.name for tag in tags.tags(tags.facts(snapshot))}
        tag_since |= dict.fromkeys(open_tags, validity.lower)
        if not open_tier and not open_tags:
            break
    return tier_since, tag_since


def _mlflow(model: RegisteredModel) -> MLflowSide:
    source = queries.source_of(model)
    if source is None:
        return MLflowSide()
    champion = source.aliases.get(queries.CHAMPION)
    version = _counting(source, champion)
    return MLflowSide(
        source=source,
        version=version,
        previous=version.before if version else None,  # type: ignore[attr-defined]
        serving=_serving(source.aliases, champion),
        since=version.serves_since if version else None,  # type: ignore[attr-defined]
    )


def _serving(aliases: Mapping[str, int], champion: int | None) -> dict[str, int]:
    """Return the aliases, the champion's first; nothing serves without one."""
    others = {alias: to for alias, to in aliases.items() if alias != queries.CHAMPION}
    return {queries.CHAMPION: champion, **others} if champion else {}


def _counting(source: SourceModel, champion: int | None) -> ModelVersion | None:
    """Return the version that counts, with the one before it and since when it serves."""
    kept = source.versions.filter(deleted_at=None)
    before = kept.filter(number__lt=OuterRef("number")).order_by("-number").values("number")
    moves = AliasEvent.objects.filter(
        source_model=source, alias=queries.CHAMPION, to_number=champion
    )
    since = moves.order_by("-seen_at", "-pk").values("seen_at")
    found = kept.annotate(before=Subquery(before[:1]), serves_since=Subquery(since[:1]))
    first = Case(When(number=champion, then=0), default=1) if champion else Value(1)
    return found.order_by(first, "-number").first()
