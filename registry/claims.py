"""Tie what MLflow knows to the records of governance: same server, same name."""

from django.db.models import OuterRef, Q, Subquery

from registry.models import MLflowServer, RegisteredModel, SourceModel


def tie_model(model: RegisteredModel) -> None:
    """Tie the model's MLflow twin to it, and let go of what it claimed before."""
    mine = Q(server=model.mlflow_server, name=model.mlflow_name)
    model.source_models.exclude(mine).update(registered_model=None)
    if model.mlflow_server is not None:
        SourceModel.objects.filter(mine, registered_model=None).update(registered_model=model)


def tie_server(server: MLflowServer) -> int:
    """Tie every unclaimed model of a server whose name a record claims; return how many."""
    claims = RegisteredModel.objects.filter(mlflow_server=server, mlflow_name=OuterRef("name"))
    # Only what has a claim is touched, so that an idle sweep writes nothing.
    wanted = SourceModel.objects.filter(
        server=server,
        registered_model=None,
        name__in=RegisteredModel.objects.filter(mlflow_server=server).values("mlflow_name"),
    )
    return wanted.update(registered_model=Subquery(claims.values("pk")[:1]))
