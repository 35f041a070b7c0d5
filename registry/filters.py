"""Read the filters of a list from its address; a misspelled one is refused, not ignored."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from registry import moments
from registry.actors import Actor
from registry.models import ModelRevision, RegisteredModel
from registry.models.models import Lifecycle, Task
from registry.problems import FieldError, Invalid, invalid

MODEL_FILTERS: Mapping[str, str] = {
    "bu": "slug of the business unit; several with commas",
    "business_unit": "the same as `bu`",
    "tier": "1, 2, 3 or 4 (de minimis); several with commas",
    "tier__lte": "this tier or a graver one",
    "owner": "address of the owner, or `me`",
    "task": "kind of task; several with commas",
    "lifecycle": "state of the model; several with commas",
    "tag": "a tag; repeat it for models that have all of them",
    "q": "words in slug, name, purpose or description",
    "updated_after": f"changed after this: {moments.SINCE}",
}
# What a list of models may go by; the slug makes every place in it unique.
ORDERINGS: Mapping[str, Sequence[str]] = {
    sign + name: [sign + name] if name == "slug" else [sign + name, "slug"]
    for name in ("slug", "name", "tier", "updated_at", "created_at")
    for sign in ("", "-")
}
ORDERING = {"ordering": f"one of {', '.join(ORDERINGS)}; `slug` when absent"}
# Where a revision keeps what a model has as a column.
_THEN = {
    name: f"snapshot__{name}"
    for name in ("tier", "task", "lifecycle", "tags", "slug", "name", "purpose", "description")
} | {"owner__email": "snapshot__owner", "updated_at": "validity__startswith"}


def refuse_unknown(params: QueryDict, names: Collection[str]) -> None:
    """Raise Invalid for what the address asks for and nobody reads."""
    unknown = sorted(set(params) - set(names))
    if unknown:
        fix = f"known here: {', '.join(sorted(names)) or 'none'}"
        detail = "this address knows no such parameter"
        raise Invalid(*(FieldError(f"/{n[:60]}", "unknown_filter", detail, fix) for n in unknown))


def refuse_twice(params: QueryDict, several: Collection[str]) -> None:
    """Raise Invalid for a parameter that stands there twice: one of the two would be lost."""
    twice = sorted(n for n, texts in params.lists() if len(texts) > 1 and n not in several)
    if twice:
        fix = "give it once; several values go with commas where the parameter takes them"
        detail = "this parameter stands in the address twice"
        raise Invalid(*(FieldError(f"/{name[:60]}", "twice", detail, fix) for name in twice))


def ordering(params: QueryDict, *, known: Collection[str] = ORDERINGS) -> Sequence[str]:
    """Return the columns that a list of models is asked to go by."""
    wanted = str(params.get("ordering", "slug"))
    if wanted not in known:
        fix = f"one of {', '.join(known)}"
        raise invalid("/ordering", "invalid", "the list cannot go by this", fix)
    return ORDERINGS[wanted]


def filter_models(
    models: QuerySet[RegisteredModel], params: QueryDict, actor: Actor
) -> QuerySet[RegisteredModel]:
    """Narrow a list of models by MODEL_FILTERS."""
    return models.filter(_wanted(params, actor, {}))


def filter_revisions(
    revisions: QuerySet[ModelRevision], params: QueryDict, actor: Actor
) -> QuerySet[ModelRevision]:
    """Narrow a list of records of the past by MODEL_FILTERS, by what they said then."""
    return revisions.filter(_wanted(params, actor, _THEN))


def _wanted(params: QueryDict, actor: Actor, columns: Mapping[str, str]) -> Q:
    def matches(name: str, lookup: str, value: Any) -> Q:
        return Q(**{f"{columns.get(name, name)}__{lookup}": value})

    given, wanted = {name: str(params[name]) for name in params}, Q()
    for name in ("bu", "business_unit"):
        if name in given:
            wanted &= Q(unit__slug__in=_parts(given[name]))
    if "tier" in given:
        wanted &= matches("tier", "in", [_tier("/tier", part) for part in _parts(given["tier"])])
    if "tier__lte" in given:
        wanted &= matches("tier", "lte", _tier("/tier__lte", given["tier__lte"]))
    if "owner" in given:
        mine = given["owner"] == "me" and actor.person is not None
        address = actor.person.email if mine and actor.person else given["owner"].lower()
        wanted &= matches("owner__email", "exact", address)
    for name, known in (("task", Task.values), ("lifecycle", Lifecycle.values)):
        if name in given:
            wanted &= matches(name, "in", _choices(f"/{name}", given[name], known))
    if tags := params.getlist("tag"):
        wanted &= matches("tags", "contains", tags)
    if "updated_after" in given:
        start = moments.since(given["updated_after"], pointer="/updated_after")
        wanted &= matches("updated_at", "gt", start)
    for word in given.get("q", "").split()[:10]:
        found = Q()
        for name in ("slug", "name", "purpose", "description"):
            found |= matches(name, "icontains", word)
        wanted &= found
    return wanted


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _tier(pointer: str, text: str) -> int:
    if text not in ("1", "2", "3", "4"):
        raise invalid(pointer, "invalid", "a tier is 1, 2, 3 or 4", f"{pointer[1:]}=1")
    return int(text)


def _choices(pointer: str, text: str, known: Collection[Any]) -> list[str]:
    parts = _parts(text)
    if unknown := [part for part in parts if part not in known]:
        fix = f"one of {', '.join(map(str, known))}"
        raise invalid(pointer, "invalid", f"there is no '{unknown[0][:40]}'", fix)
    return parts
