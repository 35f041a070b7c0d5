"""What happened to a model, from four tables in one order, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from registry import history
from registry.actors import Actor
from registry.models import ModelEvent, ModelVersion, RegisteredModel
from registry.queries import alias_moves

PAGE = 50
EVENT, VERSION, ALIAS, RECORD = range(4)
_Kind = ModelEvent.Kind
# Told by the alias events and the versions themselves, with more detail.
_TOLD_ELSEWHERE = (_Kind.ALIAS_MOVED, _Kind.VERSION_ADDED)


@dataclass(frozen=True, order=True)
class Place:
    """Where an entry stands: its moment, its kind and its key make the order total."""

    at: datetime
    kind: int
    pk: int


@dataclass(frozen=True)
class Entry:
    """One thing that happened: a revision, an alias event, a version or a model event."""

    place: Place
    row: Any


def entries(
    actor: Actor, model: RegisteredModel, *, before: Place | None = None
) -> Sequence[Entry]:
    """Return one page of what happened (and one entry more, if there is one) before a place."""
    mine = Q(model=model) | Q(source_model__registered_model=model)
    tables: dict[int, QuerySet[Any]] = {
        EVENT: ModelEvent.objects.filter(mine)
        .exclude(kind__in=_TOLD_ELSEWHERE)
        .select_related("version")
        .annotate(moment=F("at")),
        VERSION: ModelVersion.objects.filter(source_model__registered_model=model).annotate(
            moment=F("first_seen_at")
        ),
        ALIAS: alias_moves(model).annotate(moment=F("seen_at")),
        RECORD: history.revisions(actor, model).annotate(moment=F("validity__startswith")),
    }
    found = []
    for kind, rows in tables.items():
        earlier = rows if before is None else rows.filter(_before(before, kind))
        for row in earlier.order_by("-moment", "-pk")[: PAGE + 1]:
            found.append(Entry(Place(row.moment, kind, row.pk), row))
    return sorted(found, key=lambda entry: entry.place, reverse=True)[: PAGE + 1]


def _before(place: Place, kind: int) -> Q:
    earlier = Q(moment__lt=place.at)
    if kind > place.kind:
        return earlier
    same = Q(moment=place.at)
    return earlier | (same & Q(pk__lt=place.pk) if kind == place.kind else same)
