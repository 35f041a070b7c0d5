"""Tie what MLflow knows to the records of governance: same server, same name.

A record that is tied to a model is tied to no other by itself, even if that one bears its name:
what was deleted and made anew is another model, and a person says whether it is theirs (anew.py).
A name may be claimed before MLflow knows it. Whoever claims the name of another unit's model must
gain nothing by it: a model whose tag names a unit is tied to records of that unit only.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from registry import access
from registry.models import BusinessUnit, MLflowServer, RegisteredModel, SourceModel

_TIE = """
UPDATE registry_sourcemodel AS source SET registered_model_id = tie.model,
    tied_at = COALESCE(source.tied_at, %s)
FROM unnest(%s::bigint[], %s::bigint[]) AS tie (source, model)
WHERE source.id = tie.source AND source.registered_model_id IS NULL
"""


def tie_model(model: RegisteredModel, *, at: datetime) -> None:
    """Tie the model's MLflow twin to it, and let go of what it claimed before."""
    mine = Q(server=model.mlflow_server, name=model.mlflow_name)
    model.source_models.exclude(mine).update(registered_model=None)
    if model.mlflow_server is not None:
        free = SourceModel.objects.filter(mine, registered_model=None)
        ours = [source.pk for source in free if fits(source.tags, model.unit)]
        _tie(Q(pk__in=ours), model, at=at)


def tie(source: SourceModel, model: RegisteredModel, *, at: datetime) -> None:
    """Tie one model that is free to a record; whoever asks knows that it is the record's."""
    _tie(Q(pk=source.pk), model, at=at)


def _tie(which: Q, model: RegisteredModel, *, at: datetime) -> None:
    free = SourceModel.objects.filter(which, registered_model=None)
    free.update(registered_model=model, tied_at=Coalesce(F("tied_at"), Value(at)))


def tie_server(server: MLflowServer, *, at: datetime) -> int:
    """Tie every unclaimed model of a server whose name a record waits for; return how many."""
    records = RegisteredModel.objects.filter(mlflow_server=server, source_models=None)
    # Only what has a claim is touched, so that an idle sweep writes nothing.
    free = SourceModel.objects.filter(
        server=server, registered_model=None, name__in=records.values("mlflow_name")
    )
    waiting = list(free.only("pk", "name", "tags"))
    claimed = {
        model.mlflow_name: model
        for model in records.filter(
            mlflow_name__in=[source.name for source in waiting]
        ).select_related("unit")
    }
    units = _units_named(source.tags for source in waiting)
    ties = [
        (source.pk, model.pk)
        for source in waiting
        if (model := claimed.get(source.name)) and _fits(source.tags, model.unit, units)
    ]
    if not ties:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_TIE, [at, *(list(column) for column in zip(*ties, strict=True))])
        return int(cursor.rowcount)


def fits(tags: Mapping[str, str], unit: BusinessUnit) -> bool:
    """Say whether MLflow's tags leave a model to the unit: they name it, or no unit at all."""
    return _fits(tags, unit, _units_named([tags]))


def _fits(tags: Mapping[str, str], unit: BusinessUnit, units: Collection[str]) -> bool:
    named = access.unit_named(tags)
    return named == unit.slug or named not in units


def _units_named(each: Iterable[Mapping[str, str]]) -> set[str]:
    """Return those of the units named by tags that there are."""
    named = {access.unit_named(tags) for tags in each} - {""}
    found = BusinessUnit.objects.filter(slug__in=named) if named else BusinessUnit.objects.none()
    return set(found.values_list("slug", flat=True))


def stranger(server: MLflowServer, name: str, unit: BusinessUnit) -> BusinessUnit | None:
    """Return the other unit whose model of MLflow a record of this one would claim, if any."""
    free = SourceModel.objects.filter(server=server, name=name, registered_model=None)
    # What is missing in MLflow may have been deleted: its tags say nothing of a new namesake.
    present = free.filter(presence=SourceModel.Presence.PRESENT)
    for tags in present.values_list("tags", flat=True):
        if not fits(tags, unit):
            return BusinessUnit.objects.get(slug=access.unit_named(tags))
    return None
