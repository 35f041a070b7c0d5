"""Read the metric points of many runs together: from the step where we stopped.

Lower steps can be filled in later, so now and then everything is read anew; and what is latest
is decided by the time of a point, because MLflow's own answer is the highest step.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Max

from registry.mlflow import records
from registry.mlflow.client import Client
from registry.mlflow.lease import Lease
from registry.mlflow.versions import rewrite
from registry.models import MetricPoint, MLflowServer, ModelVersion

Pair = tuple[str, str]  # run and metric
_LONGEST_KEY = 250
_CHUNK = 2000

_KNOWN = """
SELECT point.run_id, point.key FROM registry_metricpoint AS point
JOIN unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[])
  AS newest (run_id, key, step, at, value)
  ON point.server_id = %s AND point.run_id = newest.run_id AND point.key = newest.key
  AND point.step = newest.step AND point.at = newest.at AND point.value = newest.value
"""


def read(
    held: Lease,
    server: MLflowServer,
    client: Client,
    versions: Sequence[ModelVersion],
    runs: Mapping[str, records.Run],
    *,
    everything: bool,
) -> None:
    """Store the points of these versions' runs that we do not have yet."""
    latest = {
        (run.run_id, point.key): point
        for version in versions
        if (run := runs.get(version.run_id)) is not None
        for point in run.latest.values()
        if len(point.key) <= _LONGEST_KEY
    }
    wanted = set(latest) if everything else set(latest) - _known(server, latest)
    steps = {} if everything else _last_steps(server, wanted)
    for key, run_ids, after in _questions(wanted, steps):
        found = client.metric_histories(key, run_ids, after)
        with held.transaction():
            _write(server, found)
            _write_newest(server, versions, key, found.keys())


def _known(server: MLflowServer, latest: Mapping[Pair, records.Point]) -> set[Pair]:
    """Return the pairs whose latest point, as MLflow has it, is stored already."""
    if not latest:
        return set()
    columns: list[list[Any]] = [
        [run_id for run_id, _ in latest],
        [key for _, key in latest],
        [point.step for point in latest.values()],
        [point.at for point in latest.values()],
        [point.text for point in latest.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [*columns, server.pk])
        return {(run_id, key) for run_id, key in cursor.fetchall()}


def _last_steps(server: MLflowServer, wanted: Collection[Pair]) -> dict[Pair, int]:
    rows = MetricPoint.objects.filter(
        server=server,
        run_id__in={run_id for run_id, _ in wanted},
        key__in={key for _, key in wanted},
    )
    steps = rows.values_list("run_id", "key").annotate(last=Max("step")).order_by()
    return {(run_id, key): step for run_id, key, step in steps if (run_id, key) in wanted}


def _questions(
    wanted: Iterable[Pair], steps: Mapping[Pair, int]
) -> Iterator[tuple[str, list[str], int | None]]:
    """Group what is wanted by metric: runs never read, and runs read to some step."""
    unread: dict[str, list[str]] = defaultdict(list)
    begun: dict[str, list[str]] = defaultdict(list)
    for run_id, key in sorted(wanted):
        (begun if (run_id, key) in steps else unread)[key].append(run_id)
    for key, run_ids in unread.items():
        yield key, run_ids, None
    for key, run_ids in begun.items():
        # From the lowest step of them all: what is known already is not written twice.
        yield key, run_ids, min(steps[(run_id, key)] for run_id in run_ids)


def _write(server: MLflowServer, found: Mapping[str, Iterable[records.Point]]) -> None:
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
            for run_id, points in found.items()
            for point in points
        ),
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )


def _write_newest(
    server: MLflowServer, versions: Iterable[ModelVersion], key: str, run_ids: Collection[str]
) -> None:
    newest = {
        point.run_id: {"value": point.value, "at": point.at.isoformat()}
        for point in MetricPoint.objects.filter(server=server, run_id__in=run_ids, key=key)
        .order_by("run_id", "-at", "-step", "-pk")
        .distinct("run_id")
    }
    changed = []
    for version in versions:
        point = newest.get(version.run_id)
        if point is not None and version.metrics.get(key) != point:
            version.metrics = {**version.metrics, key: point}
            changed.append(version)
    rewrite(changed, ["metrics"])
