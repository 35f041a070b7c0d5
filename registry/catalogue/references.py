"""Look up what a model's body refers to: unit, people, MLflow server."""

from typing import Any

from django.conf import settings

from registry import access, claims
from registry.actors import Actor
from registry.models import BusinessUnit, MLflowServer, Person, RegisteredModel
from registry.problems import FieldError, Invalid, unknown_person

_PEOPLE = ("owner", "deputy")


def resolve(actor: Actor, model: RegisteredModel | None, given: dict[str, Any]) -> dict[str, Any]:
    """Replace references by objects, or raise Invalid naming each one that is not there."""
    columns = dict(given)
    errors: list[FieldError] = []
    try:
        if "business_unit" in columns:
            columns["unit"] = _unit(actor, columns.pop("business_unit"))
    except Invalid as error:
        errors += error.errors
    errors += _people(actor, model, columns)
    try:
        if "mlflow" in columns:
            claim = columns.pop("mlflow")
            columns["mlflow_server"] = _server(claim.get("server", "default")) if claim else None
            columns["mlflow_name"] = claim["model"] if claim else ""
    except Invalid as error:
        errors += error.errors
    owner = columns.get("owner", model and model.owner)
    if columns.get("deputy", model and model.deputy) == owner and owner is not None:
        fix = "name another person, or null for none"
        errors.append(
            FieldError("/deputy", "invalid", "the deputy is somebody else than the owner", fix)
        )
    errors = errors or [*_blind(actor, model, columns), *_foreign(actor, model, columns)]
    if errors:
        raise Invalid(*errors)
    return columns


def _blind(
    actor: Actor, model: RegisteredModel | None, columns: dict[str, Any]
) -> list[FieldError]:
    """Name the people who would answer for the model and may not see it."""
    unit = columns.get("unit", model and model.unit)
    asked: dict[str, Person] = {}
    for field in _PEOPLE:
        person = columns.get(field, getattr(model, field, None))
        known = model is not None and person == getattr(model, field) and unit == model.unit
        # Whoever is there already is not asked again: sending back what is there is no change.
        if isinstance(person, Person) and not known:
            asked[field] = person
    if unit is None or not asked:
        return []
    blind = access.blind(actor, list(asked.values()), unit)
    return [_cannot_see(field, asked[field], unit) for field in asked if asked[field] in blind]


def _cannot_see(field: str, person: Person, unit: BusinessUnit) -> FieldError:
    fix = (
        f"PUT /api/v1/business-units/{unit.slug}/members/{person.email}/ with"
        ' {"roles": ["owner"]} lets them in; a unit admin may do that'
    )
    detail = f"{person.email} has no role in {unit.name} and could not see the model"
    return FieldError(f"/{field}", "cannot_see", detail, fix)


def _unit(actor: Actor, slug: str) -> BusinessUnit:
    unit = access.visible_units(actor).filter(slug=slug).first()
    if unit is None:
        detail, fix = f"there is no unit '{slug[:60]}' that you see", "GET /api/v1/business-units/"
        raise Invalid(FieldError("/business_unit", "unknown_unit", detail, fix))
    return unit


def _people(
    actor: Actor, model: RegisteredModel | None, columns: dict[str, Any]
) -> list[FieldError]:
    """Replace the addresses of people by the people; return what is wrong with them."""
    wanted = {field: columns[field] for field in _PEOPLE if columns.get(field)}
    there = {field: getattr(model, field) for field in wanted} if model else {}
    # Sending back who is there is no change, even if one sees them no more.
    kept = {field: one for field, one in there.items() if one and one.email == wanted[field]}
    emails = {email for field, email in wanted.items() if field not in kept}
    rows = access.visible_people(actor).filter(email__in=emails, is_active=True)
    found = {person.email: person for person in rows} if emails else {}
    errors = []
    for field, email in wanted.items():
        person = kept.get(field) or found.get(email)
        if person is None:
            errors.append(unknown_person(f"/{field}", email))
        else:
            columns[field] = person
    return errors


def _server(slug: str) -> MLflowServer:
    server = MLflowServer.objects.filter(slug=slug).first()
    if server is None:
        detail = f"there is no MLflow server '{slug[:60]}'"
        fix = "GET /api/v1/mlflow-servers/; a platform admin adds servers"
        raise Invalid(FieldError("/mlflow/server", "unknown_server", detail, fix))
    return server


def _foreign(
    actor: Actor, model: RegisteredModel | None, columns: dict[str, Any]
) -> list[FieldError]:
    """Refuse a model of MLflow whose tag names another unit: it would never be tied."""
    server, name = columns.get("mlflow_server"), columns.get("mlflow_name", "")
    unit = columns.get("unit", model and model.unit)
    if server is None or unit is None:
        return []
    if model and (model.mlflow_server, model.mlflow_name, model.unit) == (server, name, unit):
        return []  # Sending back what is there is no change.
    other = claims.stranger(server, name, unit)
    if other is None:
        return []
    tags = " or ".join(settings.MUSTER_UNIT_TAGS)
    if access.visible_units(actor).filter(pk=other.pk).exists():
        detail = f"its tag in MLflow ({tags}) says that it belongs to {other.slug}"
        fix = f"register it in {other.slug}, or correct the tag on {server.slug}"
    else:
        detail = f"its tag in MLflow ({tags}) says that it belongs to a unit you do not see"
        fix = f"somebody of that unit registers it, or the tag is corrected on {server.slug}"
    return [FieldError("/mlflow/model", "of_another_unit", detail, fix)]
