"""Tie what MLflow knows to the records of governance: same server, same name.

A name may be claimed before MLflow knows it. Whoever claims the name of another unit's model must
gain nothing by it: a model whose tag names a unit is tied to records of that unit only.
"""

from collections.abc import Mapping

from django.db.models import Q

from registry import access
from registry.models import BusinessUnit, MLflowServer, RegisteredModel, SourceModel


def tie_model(model: RegisteredModel) -> None:
    """Tie the model's MLflow twin to it, and let go of what it claimed before."""
    mine = Q(server=model.mlflow_server, name=model.mlflow_name)
    model.source_models.exclude(mine).update(registered_model=None)
    if model.mlflow_server is not None:
        free = SourceModel.objects.filter(mine, registered_model=None)
        ours = [source.pk for source in free if fits(source.tags, model.unit)]
        SourceModel.objects.filter(pk__in=ours, registered_model=None).update(
            registered_model=model
        )


def tie_server(server: MLflowServer) -> int:
    """Tie every unclaimed model of a server whose name a record claims; return how many."""
    records = RegisteredModel.objects.filter(mlflow_server=server)
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
    done = 0
    for source in waiting:
        model = claimed.get(source.name)
        if model is not None and fits(source.tags, model.unit):
            same = SourceModel.objects.filter(pk=source.pk, registered_model=None)
            done += same.update(registered_model=model)
    return done


def fits(tags: Mapping[str, str], unit: BusinessUnit) -> bool:
    """Say whether MLflow's tags leave a model to the unit: they name it, or no unit at all."""
    named = access.unit_named(tags)
    return named == unit.slug or not BusinessUnit.objects.filter(slug=named).exists()


def stranger(server: MLflowServer, name: str, unit: BusinessUnit) -> BusinessUnit | None:
    """Return the other unit whose model of MLflow a record of this one would claim, if any."""
    free = SourceModel.objects.filter(server=server, name=name, registered_model=None)
    # What is missing in MLflow may have been deleted: its tags say nothing of a new namesake.
    present = free.filter(presence=SourceModel.Presence.PRESENT)
    for tags in present.values_list("tags", flat=True):
        if not fits(tags, unit):
            return BusinessUnit.objects.get(slug=access.unit_named(tags))
    return None
