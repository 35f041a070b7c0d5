"""Write registered models: register, describe, rename, tie to MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from registry import (
    access,
    anew,
    audit,
    bodies,
    claims,
    history,
    inputs,
    overrides,
    queries,
    remedies,
    rows,
    tiering,
)
from registry.access import Right
from registry.actors import Actor
from registry.catalogue import lightening
from registry.catalogue.races import upsert
from registry.catalogue.references import resolve
from registry.models import BusinessUnit, ModelUse, RegisteredModel, SlugHistory, TierAssessment
from registry.problems import FieldError, Invalid, invalid
from registry.record import merging
from registry.slugs import is_uuid, slug_of

_REQUIRED = ("name", "business_unit", "owner", "purpose", "task", "decision_role")
_TIER = ("tier", "computed_tier", "tier_reasons")
_CLEARED: dict[str, Any] = {
    "description": "", "tags": [], "jurisdictions": [], "tier_answers": {}
}  # fmt: skip


class FormerSlug(Exception):
    """The model has another slug now."""

    def __init__(self, slug: str) -> None:
        super().__init__(FormerSlug.__doc__)
        self.slug = slug


def put_model(
    actor: Actor, slug: str, data: Any, *, at: datetime, by_former_slug: bool = True
) -> tuple[RegisteredModel, bool]:
    """Register a model, or change the known one; what is absent from `data` is kept.

    Where a former slug is not to be followed, it raises FormerSlug with the present one.
    """
    body = bodies.parse(inputs.ModelBody, data)
    with _conflicts_told():
        return _put_model(actor, slug, body, by_former_slug, at=at)


@upsert
def _put_model(
    actor: Actor, slug: str, body: inputs.ModelBody, by_former_slug: bool, *, at: datetime
) -> tuple[RegisteredModel, bool]:
    if not is_uuid(slug) and (key := _new_key(slug)) is not None:
        return _register(actor, key, slug, body, at=at), True
    try:
        model = queries.find_model(actor, slug)
    except RegisteredModel.DoesNotExist:
        if not is_uuid(slug):
            raise  # Somebody else's, now or formerly: it does not exist for the actor (404).
        return _register(actor, None, slug, body, at=at), True
    if not by_former_slug and slug != model.slug and not is_uuid(slug):
        raise FormerSlug(model.slug)
    return _change(actor, _lock(actor, model), body, body.given(), at=at), False


def patch_model(
    actor: Actor, model: RegisteredModel, data: Any, *, at: datetime
) -> RegisteredModel:
    """Merge a change into a model: null clears, tier answers and tags are merged."""
    body = bodies.parse(inputs.ModelPatch, data)
    given = body.given()
    add, remove = given.pop("add_tags", []), given.pop("remove_tags", [])
    with _conflicts_told(), transaction.atomic():
        locked = _lock(actor, model)
        if add or remove:
            kept = given.get("tags", locked.tags) or []
            given["tags"] = [tag for tag in [*kept, *add] if tag not in remove]
        if given.get("tier_answers"):
            given["tier_answers"] = {**locked.tier_answers, **given["tier_answers"]}
        return _change(actor, locked, body, given, at=at)


def _lock(actor: Actor, model: RegisteredModel) -> RegisteredModel:
    return access.visible_models(actor).select_for_update(of=("self",)).get(pk=model.pk)


# One question for both: is the slug free, and which key does the new model get?
_NEW_KEY = """
SELECT nextval(pg_get_serial_sequence('registry_registeredmodel', 'id'))
WHERE NOT EXISTS (SELECT 1 FROM registry_slughistory WHERE slug = %s)
"""


def _new_key(slug: str) -> int | None:
    """Return a key for a new model of this slug; None when a model has or had the slug."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW_KEY, [slug])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _register(
    actor: Actor, key: int | None, slug: str, body: inputs.ModelBody, *, at: datetime
) -> RegisteredModel:
    given = body.given()
    absent = [
        FieldError(
            f"/{f}", "required", "a new model needs this", remedies.remedy(inputs.ModelBody, [f])
        )
        for f in _REQUIRED
        if f not in given
    ]
    if absent:
        raise Invalid(*absent)
    slug_of(slug, longest=100)
    model = RegisteredModel(pk=key, slug=slug, **_columns(actor, None, given))
    access.require(actor, Right.EDIT_MODELS, model.unit)
    _assess(actor, model, at=at)
    rows.insert(_born(actor, model, at=at, reason=body.change_reason))
    if model.mlflow_server is not None:
        claims.tie_model(model, at=at)
        _confirm_twin(actor, model, given, at=at)
    return model


def _born(actor: Actor, model: RegisteredModel, *, at: datetime, reason: str) -> list[Model]:
    """Return all the rows that a new model is."""
    said = history.snapshot(model)
    use = ModelUse(
        model=model, purpose=model.purpose, jurisdictions=model.jurisdictions, is_default=True
    )
    told = audit.event(
        actor, "model.registered", model, at=at, unit=model.unit, after=said, reason=reason
    )
    revision = history.first(actor, model, said, at=at, reason=reason)
    slug = SlugHistory(slug=model.slug, model=model)
    return [model, slug, use, _assessment(actor, model, at=at), told, revision]


def _change(
    actor: Actor,
    model: RegisteredModel,
    body: inputs.ModelBody,
    given: dict[str, Any],
    *,
    at: datetime,
) -> RegisteredModel:
    if set(given) == {"tier_answers"}:
        access.require_to_edit_or_approve(actor, model.unit)
    else:
        access.require(actor, Right.EDIT_MODELS, model.unit)
    before, unit, held = history.snapshot(model), model.unit, dict(model.tier_answers)
    if slug := given.pop("slug", ""):
        _rename(model, slug)
    columns = _columns(actor, model, given)
    if "tier_answers" in columns:
        # Before anything else of the body is set: the people of before are asked about.
        model.tier_answers = columns["tier_answers"]
        lightening.require_independent(actor, model, held, body.change_reason)
    for field, value in columns.items():
        setattr(model, field, value)
    if model.unit != unit:
        access.require(actor, Right.EDIT_MODELS, model.unit)
    _assess(actor, model, at=at)
    after = history.snapshot(model)
    if after == before:
        _confirm_twin(actor, model, given, at=at)
        return model
    model.save(update_fields=[*columns, "slug", *_TIER, "updated_at"])
    if any(before[field] != after[field] for field in ("computed_tier", "tier_answers")):
        _assessment(actor, model, at=at).save(force_insert=True)
    if before["mlflow"] != after["mlflow"]:
        claims.tie_model(model, at=at)
    _confirm_twin(actor, model, given, at=at)
    model.uses.filter(is_default=True).update(
        purpose=model.purpose, jurisdictions=model.jurisdictions
    )
    _tell(actor, model, unit, before, after, at=at, reason=body.change_reason)
    history.note(actor, model, after, at=at, reason=body.change_reason)
    return model


def _tell(
    actor: Actor,
    model: RegisteredModel,
    unit: BusinessUnit,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    at: datetime,
    reason: str,
) -> None:
    """Record the change; of a move to another unit each hears its own side.

    The unit that gives a model away learns where it went, not what became of it; the one that
    gets it learns whence it came, not what it was there.
    """
    was, now = _told(before), _told(after)
    if model.unit == unit:
        audit.record(
            actor, "model.changed", model, at=at, unit=unit,
            before=was, after=now, reason=reason,
        )  # fmt: skip
        return
    changed = {name: value for name, value in was.items() if now.get(name) != value}
    audit.record(
        actor, "model.changed", model, at=at, unit=unit, reason=reason,
        before=changed, after={"business_unit": now["business_unit"]},
    )  # fmt: skip
    became = {name: value for name, value in now.items() if was.get(name) != value}
    audit.record(
        actor, "model.changed", model, at=at, unit=model.unit, reason=reason,
        before={"business_unit": was["business_unit"]}, after=became,
    )  # fmt: skip


def _confirm_twin(
    actor: Actor, model: RegisteredModel, given: dict[str, Any], *, at: datetime
) -> None:
    """Tie the record to the model in MLflow that was made when the body says, if it says so."""
    created_at = (given.get("mlflow") or {}).get("created_at")
    if created_at is not None:
        anew.confirm(actor, model, created_at, at=at)


def _columns(actor: Actor, model: RegisteredModel | None, given: dict[str, Any]) -> dict[str, Any]:
    """Turn what was sent into columns; references are looked up among what the actor sees."""
    columns: dict[str, Any] = {
        field: _CLEARED.get(field) if value is None else value for field, value in given.items()
    }
    for field in ("tags", "jurisdictions"):
        if field in columns:
            columns[field] = list(dict.fromkeys(columns[field]))
    if "tier_answers" in columns:
        answers = columns["tier_answers"].items()
        columns["tier_answers"] = {key: value for key, value in answers if value is not None}
    if "record" in columns:
        columns["record"] = merging.merge(actor, model.record if model else {}, given["record"])
    return resolve(actor, model, columns)


def _rename(model: RegisteredModel, slug: str) -> None:
    if slug == model.slug:
        return
    slug_of(slug, longest=100)
    known = SlugHistory.objects.filter(slug=slug).first()
    if known is not None and known.model_id != model.pk:
        raise _slug_taken()
    if known is None:
        SlugHistory.objects.create(slug=slug, model=model)
    model.slug = slug


def _slug_taken() -> Invalid:
    return invalid("/slug", "taken", "this slug is or was another model's", "choose another one")


@contextmanager
def _conflicts_told() -> Iterator[None]:
    """Say which field another record has, instead of showing the database's words."""
    try:
        yield
    except IntegrityError as error:
        if "one_record_per_mlflow_model" in str(error):
            detail = "another record is tied to this MLflow model"
            fix = "give the tie up there first; GET /api/v1/models/?q=<name> may find it"
            raise invalid("/mlflow/model", "taken", detail, fix) from error
        if "slug" in str(error):
            raise _slug_taken() from error
        raise


def _assess(actor: Actor, model: RegisteredModel, *, at: datetime) -> None:
    found, before = tiering.assess(model.tier_answers), model.computed_tier
    model.computed_tier, model.tier_reasons = found.tier, list(found.reasons)
    if model._state.adding:
        model.tier = found.tier
    elif found.tier != before:
        model.tier = overrides.settle(actor, model, at=at)


def retier(
    actor: Actor,
    model: RegisteredModel,
    action: str,
    *,
    at: datetime,
    reason: str = "",
    told: dict[str, Any] | None = None,
) -> None:
    """Set the tier that holds after an override came or went; the caller holds the row's lock."""
    before = history.snapshot(model)
    model.tier = overrides.settle(actor, model, at=at)
    model.save(update_fields=["tier", "updated_at"])
    after = history.snapshot(model)
    audit.record(
        actor, action, model, at=at, unit=model.unit,
        before=_told(before), after={**_told(after), **(told or {})}, reason=reason,
    )  # fmt: skip
    if after != before:
        history.note(actor, model, after, at=at, reason=reason[:500])


def _told(said: dict[str, Any]) -> dict[str, Any]:
    """Spread the record, so that the audit holds the fields that changed and not all of them."""
    fields = {f"record.{key}": value for key, value in said["record"].items()}
    return {key: value for key, value in said.items() if key != "record"} | fields


def _assessment(actor: Actor, model: RegisteredModel, *, at: datetime) -> TierAssessment:
    return TierAssessment(
        model=model,
        answers=model.tier_answers,
        rule_version=tiering.RULE_VERSION,
        tier=model.computed_tier,
        reasons=model.tier_reasons,
        by=actor.person,
        at=at,
    )
