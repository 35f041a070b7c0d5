"""Read the training runs behind versions, batch by batch, and their newest metrics.

Which points were logged since is read by registry.mlflow.points for each batch.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from registry import queries
from registry.mlflow import points, records, versions
from registry.mlflow.client import RUNS_A_REQUEST, Client, MlflowError
from registry.mlflow.lease import Lease
from registry.mlflow.pages import Progress
from registry.models import MLflowServer, ModelVersion, SourceModel

# So many wait for their evidence in one look; the others come after them.
_WAITING = RUNS_A_REQUEST
_OF_THE_RUN = ("run_tags", "params", "metrics", "datasets")


def read(
    held: Lease, server: MLflowServer, client: Client, progress: Progress
) -> tuple[list[ModelVersion], dict[str, records.Run]]:
    """Refresh the runs that matter and the points of those that decide.

    Return the versions that wait for their evidence, and their runs.
    """
    waiting = list(waiting_versions(server)[:_WAITING])
    tracked = [] if progress.runs_are_read else tracked_versions(server)
    tracked = [version for version in tracked if version.pk > progress.runs_after]
    found: dict[str, records.Run] = {}
    for batch, with_points in _batches(tracked, waiting):
        _find_run_ids(held, client, batch)
        runs = client.get_runs(version.run_id for version in batch)
        with held.transaction():
            seen = [(version, runs.get(version.run_id)) for version in batch]
            versions.rewrite(
                [version for version, run in seen if run and _take_over(version, run)], _OF_THE_RUN
            )
        points.read(held, server, client, with_points, runs, everything=progress.everything)
        with held.transaction():
            # Even where MLflow shows no run: we looked, and a value that is not there is absent.
            read = ModelVersion.objects.filter(pk__in=[version.pk for version in with_points])
            read.update(points_read_at=progress.begun_at)
        progress.runs_after = max([v.pk for v in with_points], default=progress.runs_after)
        found |= {v.run_id: runs[v.run_id] for v in batch if v.run_id in runs}
    if not progress.runs_are_read:
        _note_all_read(held, server, progress)
    return waiting, found


def _batches(
    tracked: list[ModelVersion], waiting: list[ModelVersion]
) -> Iterator[tuple[list[ModelVersion], list[ModelVersion]]]:
    """Yield versions to ask for in one request, and which of them have points to read."""
    groups = [tracked[i : i + RUNS_A_REQUEST] for i in range(0, len(tracked), RUNS_A_REQUEST)]
    last = groups.pop() if groups else []
    for group in groups:
        yield group, group
    pks = {version.pk for version in last}
    both = [*last, *(version for version in waiting if version.pk not in pks)]
    if len(both) <= RUNS_A_REQUEST:
        yield both, last
    else:
        yield last, last
        yield waiting, []


def _note_all_read(held: Lease, server: MLflowServer, progress: Progress) -> None:
    if progress.everything:
        with held.transaction():
            MLflowServer.objects.filter(pk=server.pk).update(
                metrics_read_fully_at=progress.begun_at
            )
            # Somebody may have mended it meanwhile.
            broken = [v.pk for v in tracked_versions(server) if v.evidence_fault]
            ModelVersion.objects.filter(pk__in=broken).update(evidence_read_at=None)
    progress.runs_are_read = True


def waiting_versions(server: MLflowServer) -> QuerySet[ModelVersion]:
    """Return the versions of claimed models whose evidence was not read yet, newest first.

    Those that could not be read the last time come after all others.
    """
    found = ModelVersion.objects.filter(
        source_model__server=server,
        source_model__registered_model__isnull=False,
        evidence_read_at=None,
        deleted_at=None,
    )
    return found.order_by("evidence_fault", "-created_at", "-pk")


def tracked_versions(server: MLflowServer) -> list[ModelVersion]:
    """Return the versions of claimed models under champion or challenger."""
    present = SourceModel.objects.filter(
        server=server,
        presence=SourceModel.Presence.PRESENT,
        registered_model__isnull=False,
    )
    wanted = {
        (pk, number)
        for pk, aliases in present.values_list("pk", "aliases")
        for number in queries.deciding_numbers(aliases)
    }
    numbers = Q(
        source_model__in={pk for pk, _ in wanted}, number__in={number for _, number in wanted}
    )
    rows = ModelVersion.objects.filter(numbers, deleted_at=None).order_by("pk")
    return [row for row in rows if (row.source_model_id, row.number) in wanted]


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


def _take_over(version: ModelVersion, run: records.Run) -> bool:
    """Set what the run says of its version; say whether anything is new."""
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
    changed = any(getattr(version, field) != now[field] for field in _OF_THE_RUN)
    for field in _OF_THE_RUN:
        setattr(version, field, now[field])
    return changed


def _newer(known: dict[str, str], metrics: dict[str, dict[str, str]], key: str) -> bool:
    return key in metrics and datetime.fromisoformat(known["at"]) > datetime.fromisoformat(
        metrics[key]["at"]
    )
