"""Read the training runs behind versions, and the metric points that are logged to them.

Runs are asked for in batches, and points only where the newest one is unknown to us: from the
step where we stopped, and now and then all of them, because lower steps can be filled in later.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from registry import queries
from registry.mlflow import records
from registry.mlflow.client import Client, MlflowError
from registry.mlflow.lease import Lease
from registry.models import MetricPoint, MLflowServer, ModelVersion, SourceModel

_FULL_READ_EVERY = 60  # sweeps; spread over them by the version's key
_LONGEST_KEY = 250
_CHUNK = 2000


def read(held: Lease, server: MLflowServer, client: Client) -> dict[str, records.Run]:
    """Refresh the runs that matter and the points of those that decide; return the runs."""
    tracked = tracked_versions(server)
    versions = {version.pk: version for version in [*tracked, *waiting_versions(server)]}
    _find_run_ids(held, client, versions.values())
    found = client.get_runs(version.run_id for version in versions.values())
    with held.transaction():
        for version in versions.values():
            if run := found.get(version.run_id):
                _write_run(version, run)
    for version in tracked:
        run = found.get(version.run_id)
        if run is not None:
            everything = (server.sweeps_completed + version.pk) % _FULL_READ_EVERY == 0
            _read_points(held, server, client, version, run, everything=everything)
            if everything and version.evidence_fault:
                # Somebody may have mended it meanwhile.
                with held.transaction():
                    ModelVersion.objects.filter(pk=version.pk).update(evidence_read_at=None)
    return found


def waiting_versions(server: MLflowServer) -> QuerySet[ModelVersion]:
    """Return the versions of claimed models whose evidence was not read yet."""
    return ModelVersion.objects.filter(
        source_model__server=server,
        source_model__registered_model__isnull=False,
        evidence_read_at=None,
        deleted_at=None,
    )


def tracked_versions(server: MLflowServer) -> list[ModelVersion]:
    """Return the versions of claimed models under champion or challenger."""
    wanted = Q(pk__in=[])
    present = SourceModel.objects.filter(
        server=server,
        presence=SourceModel.Presence.PRESENT,
        registered_model__isnull=False,
    )
    for pk, aliases in present.values_list("pk", "aliases"):
        numbers = [aliases[a] for a in (queries.CHAMPION, queries.CHALLENGER) if a in aliases]
        if numbers:
            wanted |= Q(source_model=pk, number__in=numbers)
    return list(ModelVersion.objects.filter(wanted, deleted_at=None).order_by("pk"))


def _find_run_ids(held: Lease, client: Client, versions: Iterable[ModelVersion]) -> None:
    """Ask the logged model for the run of a version that names none itself."""
    for version in versions:
        if version.run_id or not version.mlflow_model_id:
            continue
        try:
            version.run_id = client.get_logged_model(version.mlflow_model_id).source_run_id
        except MlflowError as error:
            if error.is_of_the_server:
                raise
            continue
        with held.transaction():
            ModelVersion.objects.filter(pk=version.pk).update(run_id=version.run_id)


def _write_run(version: ModelVersion, run: records.Run) -> None:
    metrics = {
        point.key: {"value": point.text, "at": point.at.isoformat()}
        for point in run.latest.values()
    }
    # The newest by time, which only the stored points know, wins over MLflow's highest step.
    metrics |= {key: known for key, known in version.metrics.items() if _newer(known, metrics, key)}
    now = {
        "run_tags": run.tags,
        "params": run.params,
        "metrics": metrics,
        "datasets": run.datasets,
    }
    changed = {field: value for field, value in now.items() if getattr(version, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(version, field, value)
        ModelVersion.objects.filter(pk=version.pk).update(**changed)


def _newer(known: dict[str, str], metrics: dict[str, dict[str, str]], key: str) -> bool:
    return key in metrics and datetime.fromisoformat(known["at"]) > datetime.fromisoformat(
        metrics[key]["at"]
    )


def _read_points(
    held: Lease,
    server: MLflowServer,
    client: Client,
    version: ModelVersion,
    run: records.Run,
    *,
    everything: bool,
) -> None:
    stored = MetricPoint.objects.filter(server=server, run_id=run.run_id)
    newest = {
        (key, step, at, text)
        for key, step, at, text in stored.filter(
            at__in=[point.at for point in run.latest.values()]
        ).values_list("key", "step", "at", "value")
    }
    steps = dict(stored.values_list("key").annotate(Max("step")).values_list("key", "step__max"))
    changed = [
        point.key
        for point in run.latest.values()
        if len(point.key) <= _LONGEST_KEY
        and (everything or (point.key, point.step, point.at, point.text) not in newest)
    ]
    for key in changed:
        after = None if everything else steps.get(key)
        points = client.metric_history(run.run_id, key, after)
        with held.transaction():
            _write_points(server, run.run_id, points)
            _write_newest(server, version, changed=[key])


def _write_points(server: MLflowServer, run_id: str, points: Iterable[records.Point]) -> None:
    MetricPoint.objects.bulk_create(
        (
            MetricPoint(
                server=server,
                run_id=run_id,
                key=point.key,
                step=point.step,
                at=point.at,
                value=point.text,
                number=point.number,
            )
            for point in points
        ),
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )


def _write_newest(server: MLflowServer, version: ModelVersion, *, changed: Collection[str]) -> None:
    newest = (
        MetricPoint.objects.filter(server=server, run_id=version.run_id, key__in=changed)
        .order_by("key", "-at", "-step", "-pk")
        .distinct("key")
    )
    found = {point.key: {"value": point.value, "at": point.at.isoformat()} for point in newest}
    metrics = {**version.metrics, **found}
    if metrics != version.metrics:
        version.metrics = metrics
        ModelVersion.objects.filter(pk=version.pk).update(metrics=metrics)
