"""How a model has been: health, the windows of its checks, and series of metrics."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, FilteredRelation, Q, Window
from django.db.models.functions import RowNumber

from monitoring.models import Check, HealthSpan, Reading
from monitoring.models import Window as CheckWindow
from monitoring.states import Stage
from registry.models import MetricPoint, ModelVersion, RegisteredModel

WINDOWS = 26
_POINTS = 5_000


def health_spans(model: RegisteredModel, since: datetime) -> list[HealthSpan]:
    """Return the stretches of health that reach into the time since `since`, oldest first."""
    reaching = Q(ended_at__isnull=True) | Q(ended_at__gt=since)
    return list(HealthSpan.objects.filter(reaching, model=model).order_by("-started_at")[:200])[
        ::-1
    ]


def windows_of(checks: list[Check]) -> dict[int, list[dict[str, Any]]]:
    """Return the latest windows of each check with the run in force, oldest first."""
    rows: Iterable[Any] = (
        CheckWindow.objects.filter(check_ref__in=checks)
        .annotate(
            run=FilteredRelation("runs", condition=Q(runs__current=True)),
            place=Window(RowNumber(), partition_by=F("check_ref"), order_by=F("start").desc()),
        )
        .filter(place__lte=WINDOWS)
        .order_by("check_ref", "start")
        .values("check_ref", "start", "end", "due_at", "run__pk", "run__state", "run__reason")
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["check_ref"]].append(row)
    return found


def readings_by_window(checks: list[Check]) -> list[dict[str, Any]]:
    """Return the scores over all rows of performance checks, in window order."""
    rows: Iterable[Any] = (
        Reading.objects.filter(
            run__window__check_ref__in=[c for c in checks if c.kind == Check.Kind.PERFORMANCE],
            run__current=True,
            segment="",
        )
        .exclude(stage=Stage.ESTIMATE)
        .order_by("run__window__start")
        .values("feature", "method", "value", "limit", "direction", "run__window__start")[:_POINTS]
    )
    return list(rows)


def metric_points(version: ModelVersion) -> dict[str, list[MetricPoint]]:
    """Return the logged series of a version's run that have at least two values."""
    points = MetricPoint.objects.filter(
        server=version.source_model.server_id, run_id=version.run_id
    ).order_by("key", "at", "step")
    found: dict[str, list[MetricPoint]] = defaultdict(list)
    for point in points[:_POINTS]:
        found[point.key].append(point)
    return {key: series for key, series in found.items() if len(series) > 1}
