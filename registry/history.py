"""What a record said and when: the revisions behind every `as_of`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from registry import access
from registry.actors import Actor
from registry.models import ModelRevision, Person, RegisteredModel

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Change:
    """One field of a record before and after."""

    field: str
    before: Any
    after: Any


def snapshot(model: RegisteredModel) -> dict[str, Any]:
    """Return the whole record as the audit and the history keep it.

    The default use is not repeated: it has the record's own purpose and jurisdictions.
    """
    claim = model.mlflow_server and f"{model.mlflow_server.slug}: {model.mlflow_name}"
    return {
        "uuid": str(model.uuid),
        "slug": model.slug,
        "name": model.name,
        "business_unit": model.unit.slug,
        "owner": model.owner.email,
        "deputy": model.deputy.email if model.deputy else None,
        "purpose": model.purpose,
        "description": model.description,
        "task": str(model.task),
        "lifecycle": str(model.lifecycle),
        "decision_role": str(model.decision_role),
        "jurisdictions": list(model.jurisdictions),
        "tags": list(model.tags),
        "tier": model.tier,
        "computed_tier": model.computed_tier,
        "tier_answers": dict(model.tier_answers),
        "tier_reasons": list(model.tier_reasons),
        "mlflow": claim,
        "record": dict(model.record),
    }


def note(
    actor: Actor,
    model: RegisteredModel,
    snapshot: dict[str, Any],
    *,
    at: datetime,
    reason: str = "",
) -> ModelRevision:
    """End the open revision of the model and open the next, in the caller's transaction.

    `snapshot` is the whole record. Of two changes at the same
    moment, or out of order by the clock, the later one begins a microsecond after the earlier:
    what was written last is what holds, and no range is empty.
    """
    last = model.revisions.select_for_update().order_by("-number").first()
    start, number = at, 1
    if last is not None:
        bound = last.validity.upper or last.validity.lower + _TICK
        start, number = max(at, bound), last.number + 1
        if last.validity.upper is None:
            last.validity = DateTimeTZRange(last.validity.lower, start)
            last.save(update_fields=["validity"])
    revision = _open(actor, model, snapshot, number=number, start=start, reason=reason)
    revision.save(force_insert=True)
    return revision


def first(
    actor: Actor, model: RegisteredModel, snapshot: dict[str, Any], *, at: datetime, reason: str
) -> ModelRevision:
    """Return the first revision of a model, for whoever writes it together with the model."""
    return _open(actor, model, snapshot, number=1, start=at, reason=reason)


def _open(
    actor: Actor,
    model: RegisteredModel,
    snapshot: dict[str, Any],
    *,
    number: int,
    start: datetime,
    reason: str,
) -> ModelRevision:
    return ModelRevision(
        model=model,
        number=number,
        validity=DateTimeTZRange(start, None),
        unit=model.unit,
        snapshot=snapshot,
        by=actor.person,
        reason=reason,
    )


def as_of(model: RegisteredModel, moment: datetime) -> ModelRevision | None:
    """Return what the record said then, whoever asks; None before it was known."""
    return model.revisions.filter(validity__contains=moment).first()


def find(actor: Actor, model: RegisteredModel, moment: datetime) -> ModelRevision:
    """Return what the record said then, or raise DoesNotExist where it is not for the actor."""
    return inventory_as_of(actor, moment).get(model=model)


def inventory_as_of(actor: Actor, moment: datetime) -> QuerySet[ModelRevision]:
    """Return the visible records as they were then, annotated with `slug` and people's names."""
    found = access.visible_revisions(actor).filter(validity__contains=moment)
    return found.select_related("unit", "model").annotate(
        slug=KeyTextTransform("slug", "snapshot"),
        owner_name=_name("owner"),
        deputy_name=_name("deputy"),
    )


def _name(field: str) -> Subquery:
    address = KeyTextTransform(field, OuterRef("snapshot"))
    return Subquery(Person.objects.filter(email=address).values("name")[:1])


def revisions(actor: Actor, model: RegisteredModel) -> QuerySet[ModelRevision]:
    """Return the visible revisions, each annotated with the one before (None if unseen)."""
    before = access.visible_revisions(actor).filter(
        model=OuterRef("model"), number=OuterRef("number") - 1
    )
    found = access.visible_revisions(actor).filter(model=model).select_related("by", "unit")
    return found.annotate(before=Subquery(before.values("snapshot")[:1]))


def changes(revision: ModelRevision) -> list[Change] | None:
    """Return what a revision of `revisions` changed; None if the one before is not to be seen.

    The first revision changed nothing: it is the registration.
    """
    if revision.number == 1:
        return []
    before, after = revision.before, revision.snapshot  # type: ignore[attr-defined]
    if before is None:
        return None
    # A field that only one of the two kept is newer than the record, not changed by anybody.
    shared = sorted(before.keys() & after.keys())
    return [Change(f, before[f], after[f]) for f in shared if before[f] != after[f]]


def former_slugs(revision: ModelRevision) -> list[str]:
    """Return the slugs that the model had had by then."""
    earlier = ModelRevision.objects.filter(model=revision.model_id, number__lt=revision.number)
    slugs = earlier.order_by("number").values_list("snapshot__slug", flat=True)
    return [slug for slug in dict.fromkeys(slugs) if slug != revision.snapshot["slug"]]
