"""Write policies and trainers: checked, versioned and audited, for pages and API alike."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from policies.models import PolicyVersion, RetrainingPolicy, Trainer
from policies.retraining.specs import PolicySpec, Selector
from policies.retraining.trainers import TrainerBody, find_unit, put_trainer
from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.catalogue.races import upsert
from registry.models import BusinessUnit, RegisteredModel
from registry.problems import FieldError, Invalid, invalid
from registry.slugs import slug_of

__all__ = ["PolicyBody", "TrainerBody", "put_policy", "put_trainer"]


class PolicyBody(bodies.Change):
    """A policy as it is written: no business unit makes it one of the whole fleet."""

    business_unit: str | None = None
    selector: dict[str, Any] = {}
    spec: dict[str, Any] = {}


@upsert
def put_policy(
    actor: Actor, slug: str, data: Any, *, at: datetime
) -> tuple[RetrainingPolicy, bool]:
    """Create a policy, or add a version to it where something changed."""
    slug = slug_of(slug, longest=60)
    body = bodies.parse(PolicyBody, data)
    given = body.given()
    policy = RetrainingPolicy.objects.select_for_update(of=("self",)).filter(slug=slug).first()
    created = policy is None
    unit = _unit_of(actor, policy, given)
    _require_policy_right(actor, unit)
    newest = None if policy is None else policy.versions.order_by("-number").first()
    after = {"selector": _selector(given, newest, unit), "spec": _spec(given, newest, unit)}
    before = {} if newest is None else {"selector": newest.selector, "spec": newest.spec}
    if before != after:
        policy = policy or RetrainingPolicy.objects.create(slug=slug, unit=unit)
        number = newest.number + 1 if newest else 1
        PolicyVersion.objects.create(policy=policy, number=number, by=actor.person, at=at, **after)
        action = "policy.created" if created else "policy.changed"
        audit.record(
            actor,
            action,
            policy,
            at=at,
            unit=unit,
            before=before,
            after=after,
            reason=body.change_reason,
        )
    assert policy is not None
    return policy, created


def _unit_of(
    actor: Actor, policy: RetrainingPolicy | None, given: dict[str, Any]
) -> BusinessUnit | None:
    if policy is None:
        slug = given.get("business_unit")
        return None if slug is None else find_unit(actor, slug)
    if policy.unit is not None and not access.visible_units(actor).filter(pk=policy.unit.pk):
        raise RetrainingPolicy.DoesNotExist
    current = policy.unit.slug if policy.unit else None
    if "business_unit" in given and given["business_unit"] != current:
        fix = "make a new policy and narrow the selector of this one"
        raise invalid("/business_unit", "immutable", "a policy stays where it was made", fix)
    return policy.unit


def _require_policy_right(actor: Actor, unit: BusinessUnit | None) -> None:
    # A policy of the whole fleet may retrain anybody's model.
    right = Right.EDIT_POLICIES if unit else Right.MANAGE_PLATFORM
    access.require(actor, right, unit)


def _selector(
    given: dict[str, Any], newest: PolicyVersion | None, unit: BusinessUnit | None
) -> dict[str, Any]:
    if "selector" not in given and newest is not None:
        return dict(newest.selector)
    selector = bodies.parse(Selector, given.get("selector", {}), at="/selector")
    units = BusinessUnit.objects.filter(slug=selector.business_unit or "")
    if selector.business_unit and not units.exists():
        detail = f"there is no unit '{selector.business_unit}'"
        fix = "GET /api/v1/business-units/ names them"
        raise invalid("/selector/business_unit", "unknown_unit", detail, fix)
    if unit and selector.business_unit not in (None, unit.slug):
        detail = f"a policy of {unit.slug} reaches only models of {unit.slug}"
        raise invalid("/selector/business_unit", "other_unit", detail, "leave it out")
    _known_models(selector.models or [], unit)
    return _stored(selector)


def _known_models(slugs: list[str], unit: BusinessUnit | None) -> None:
    models = RegisteredModel.objects.filter(slug__in=slugs)
    models = models if unit is None else models.filter(unit=unit)
    known = set(models.values_list("slug", flat=True))
    where = f" in {unit.slug}" if unit else ""
    wrong = [
        FieldError(
            f"/selector/models/{index}",
            "unknown_model",
            f"there is no model '{slug}'{where}",
            "register the model first: PUT /api/v1/models/<slug>/",
        )
        for index, slug in enumerate(slugs)
        if slug not in known
    ]
    if wrong:
        raise Invalid(*wrong)


def _spec(
    given: dict[str, Any], newest: PolicyVersion | None, unit: BusinessUnit | None
) -> dict[str, Any]:
    if "spec" not in given and newest is not None:
        return dict(newest.spec)
    spec = bodies.parse(PolicySpec, given.get("spec", {}), at="/spec")
    trainers = Trainer.objects.filter(slug=spec.trainer or "")
    if spec.trainer and not (trainers if unit is None else trainers.filter(unit=unit)).exists():
        where = f" in {unit.slug}" if unit else ""
        detail = f"there is no trainer '{spec.trainer}'{where}"
        raise invalid(
            "/spec/trainer", "unknown_trainer", detail, "PUT /api/v1/trainers/<slug>/ makes one"
        )
    return _stored(spec)


def _stored(spec: BaseModel) -> dict[str, Any]:
    # Every default is written out, so that a later default changes no stored policy.
    return {key: value for key, value in spec.model_dump(mode="json").items() if value is not None}
