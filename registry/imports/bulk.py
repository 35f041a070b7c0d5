"""Put many models at once: each for itself, or all or none."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from django.db import transaction
from pydantic import Field

from registry import access, bodies, catalogue, inputs
from registry.access import NotAllowed
from registry.actors import Actor
from registry.bodies import Change
from registry.imports.results import RowResult, Status, refused
from registry.models import RegisteredModel, SlugHistory
from registry.problems import FieldError, Invalid, invalid
from registry.slugs import slug_of

MAX_ITEMS = 1_000
_LONGEST_SLUG = 100


class Mode(StrEnum):
    """Whether an item that is refused leaves the others alone, or stops them."""

    PARTIAL = "partial"
    ATOMIC = "atomic"


class BulkItem(inputs.ModelBody):
    """What PUT takes for one model, with the slug that would stand in its address."""

    slug: Annotated[str, Field(min_length=1, max_length=_LONGEST_SLUG)]


class BulkModels(Change):
    """Up to 1,000 models; `change_reason` holds for the items that have none of their own."""

    mode: Mode = Mode.PARTIAL
    items: list[BulkItem] = Field(min_length=1, max_length=MAX_ITEMS)


class _Sent(Change):
    # The items are read one by one, so that one that is wrong leaves the others alone.
    mode: Mode = Mode.PARTIAL
    items: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_ITEMS)


def read(data: Any) -> tuple[Mode, list[dict[str, Any]]]:
    """Return the mode and the items as they were sent, or raise Invalid about the whole body."""
    sent = bodies.parse(_Sent, data)
    reason = {"change_reason": sent.change_reason} if sent.change_reason else {}
    return sent.mode, [{**reason, **item} for item in sent.items]


def work(
    actor: Actor, items: Sequence[dict[str, Any]], *, start: int, stop: int, at: datetime
) -> list[RowResult]:
    """Do the items from `start` up to `stop`, each for itself; `row` counts from one."""
    names = [_name(item) for item in items]
    mine = access.visible_models(actor).values("pk")
    slugs = SlugHistory.objects.filter(slug__in=names[start:stop], model__in=mine)
    known = dict(slugs.values_list("slug", "model__updated_at"))
    first = {name: place for place, name in reversed(list(enumerate(names)))}
    return [
        _one(
            actor, n + 1, items[n], names[n], known.get(names[n]), again=first[names[n]] < n, at=at
        )
        for n in range(start, min(stop, len(items)))
    ]


def all_or_none(actor: Actor, items: Sequence[dict[str, Any]], *, at: datetime) -> list[RowResult]:
    """Do every item in one transaction, or raise Invalid naming what is wrong in which item."""
    # By slug, so that two callers who send the same models never wait for each other in a ring.
    order = sorted(range(len(items)), key=lambda n: _name(items[n]))
    with transaction.atomic():
        done = work(actor, [items[n] for n in order], start=0, stop=len(items), at=at)
        found = sorted(
            (row.model_copy(update={"row": order[row.row - 1] + 1}) for row in done),
            key=lambda row: row.row,
        )
        faults = [
            FieldError(f"/items/{row.row - 1}{_below(e.pointer)}", e.code, e.detail, e.fix)
            for row in found
            for e in row.errors
        ]
        if faults:
            raise Invalid(*faults)
    return found


def _name(item: dict[str, Any]) -> str:
    slug = item.get("slug")
    return slug if isinstance(slug, str) else ""


def _below(pointer: str) -> str:
    return "" if pointer == "/" else pointer


def _one(
    actor: Actor,
    row: int,
    item: dict[str, Any],
    name: str,
    known: datetime | None,
    *,
    again: bool,
    at: datetime,
) -> RowResult:
    body = {field: value for field, value in item.items() if field != "slug"}
    try:
        if not name:
            raise invalid("/slug", "required", "each item names its model", "such as card-fraud")
        if again:
            raise invalid("/slug", "twice", "an item before this one has the slug", "keep one")
        slug_of(name, longest=_LONGEST_SLUG)
        model, created = catalogue.put_model(actor, name, body, at=at)
    except (Invalid, NotAllowed) as error:
        return refused(row, name, error, slug=name)
    except RegisteredModel.DoesNotExist:
        fault = invalid("/slug", "taken", "this slug is or was another model's", "choose one")
        return refused(row, name, fault, slug=name)
    same = known is not None and model.updated_at == known
    status = Status.CREATED if created else Status.UNCHANGED if same else Status.UPDATED
    return RowResult(row=row, model=model.name, slug=model.slug, status=status)
