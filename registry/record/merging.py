"""Lay what was sent over a stored record, and check the people and models it names."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from registry import access, bodies
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.problems import FieldError, Invalid, unknown_person
from registry.record.body import RecordBody

PEOPLE = ("developers", "validators", "approvers")


def merge(
    actor: Actor, stored: Mapping[str, Any], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the record after a change: null clears a field, null for all clears the record."""
    if given is None:
        return {}
    sent = to_jsonable_python(given)
    merged = {key: value for key, value in {**stored, **sent}.items() if value is not None}
    # Rules over several fields see the whole, not only what was sent this time.
    bodies.parse(RecordBody, merged, at="/record")
    errors = [*_strangers(actor, stored, merged), *_no_models(actor, stored, merged)]
    if errors:
        raise Invalid(*errors)
    return merged


def _strangers(
    actor: Actor, stored: Mapping[str, Any], merged: Mapping[str, Any]
) -> list[FieldError]:
    """Name the people whom the actor does not see; who is there already is not asked again."""
    known = {email for _, email in _people(stored)}
    wanted = [(place, email) for place, email in _people(merged) if email not in known]
    if not wanted:
        return []
    emails = {email for _, email in wanted}
    people = access.visible_people(actor).filter(email__in=emails, is_active=True)
    seen = set(people.values_list("email", flat=True))
    return [
        unknown_person(f"/record/{place}", email) for place, email in wanted if email not in seen
    ]


def _people(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in PEOPLE:
        for index, email in enumerate(record.get(key) or ()):
            yield f"{key}/{index}", email
    if record.get("accountable_executive"):
        yield "accountable_executive", record["accountable_executive"]
    for index, row in enumerate(record.get("human_overseers") or ()):
        yield f"human_overseers/{index}/person", row["person"]


def _no_models(
    actor: Actor, stored: Mapping[str, Any], merged: Mapping[str, Any]
) -> list[FieldError]:
    known = {slug for _, slug in _models(stored)}
    wanted = [(place, slug) for place, slug in _models(merged) if slug not in known]
    if not wanted:
        return []
    slugs = {slug for _, slug in wanted}
    found = access.visible_models(actor).filter(slugs__slug__in=slugs)
    seen = set(found.values_list("slugs__slug", flat=True))
    return [
        FieldError(
            f"/record/{place}",
            "unknown_model",
            f"there is no model '{slug[:80]}' that you see",
            "GET /api/v1/models/?q= finds models; name anything else under `others`",
        )
        for place, slug in wanted
        if slug not in seen
    ]


def _models(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("upstream", "downstream"):
        for index, slug in enumerate((record.get(key) or {}).get("models") or ()):
            yield f"{key}/models/{index}", slug


def linked_models(actor: Actor, record: Mapping[str, Any]) -> dict[str, str]:
    """Return the present slug of each model that the record names and the actor sees."""
    slugs = {slug for _, slug in _models(record)}
    if not slugs:
        return {}
    models: list[RegisteredModel] = list(
        access.visible_models(actor).filter(slugs__slug__in=slugs).prefetch_related("slugs")
    )
    return {old.slug: model.slug for model in models for old in model.slugs.all()}
