"""Judge a metric check: the newest value logged to the champion's run within a window."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from monitoring.baselines import NoReference
from monitoring.checks import metric
from monitoring.checks.shapes import MetricSpec
from monitoring.judging.protocol import ReadingOut, Result
from monitoring.models import Window
from registry import queries
from registry.models import MetricPoint, MLflowServer, ModelVersion, SourceModel

_VERSION = "muster 1"


@dataclass(frozen=True)
class Watched:
    """Where the values of a metric check come from."""

    version: ModelVersion
    server: MLflowServer

    @property
    def fault(self) -> str:
        """Say why the values cannot be read now, or ''."""
        if self.server.fault:
            return f"MLflow could not be read: {self.server.fault}"
        source = self.version.source_model
        if source.presence != SourceModel.Presence.PRESENT:
            return f"MLflow does not show the model {source.name} to Muster any more"
        return ""

    def was_read(self, since: datetime) -> bool:
        """Say whether a look at the values began at that time or later."""
        read_at = self.version.points_read_at
        return read_at is not None and read_at >= since


def point_in(watched: Watched, spec: MetricSpec, window: Window) -> MetricPoint | None:
    """Return the newest value of the metric within the window."""
    return (
        _points(watched, spec)
        .filter(at__gte=window.start, at__lt=window.end)
        .order_by("at", "step", "pk")
        .last()
    )


def _points(watched: Watched, spec: MetricSpec) -> QuerySet[MetricPoint]:
    return MetricPoint.objects.filter(
        server=watched.server, run_id=watched.version.run_id, key=spec.metric
    )


def judge(watched: Watched, spec: MetricSpec, window: Window) -> Result:
    """Return the verdict on a window whose values must have been synced by now.

    Raises NoReference while the run has no metric of that name at all.
    """
    point = point_in(watched, spec, window)
    if point is None:
        return _absent(watched, spec, window)
    if point.number is None:
        reason = f"{spec.metric} was logged as {point.value}, which no limit can judge"
        return Result("not_evaluated", reason)
    found = metric.judge(spec.metric, point.number, limit=spec.limit, direction=spec.direction)
    reading = ReadingOut(
        feature=spec.metric,
        segment="",
        method="value",
        method_version=_VERSION,
        value=point.number,
        p_value=None,
        n_reference=None,
        n_current=1,
        limit=spec.limit,
        direction=spec.direction,
        crossed=found.crossed,
        note=found.sentence if found.crossed else "",
    )
    worst = {**_numbers(reading), "sentence": found.sentence}
    return Result(
        state="breach" if found.crossed else "ok",
        reason=found.sentence if found.crossed else "",
        readings=(reading,),
        summary={
            "worst": [worst] if found.crossed else [],
            "violations": [],
            "notes": [f"{found.sentence} (logged {point.at:%Y-%m-%d %H:%M} UTC)"],
        },
    )


def _absent(watched: Watched, spec: MetricSpec, window: Window) -> Result:
    if not watched.was_read(window.due_at):
        if watched.fault:
            return Result("source_fault", watched.fault)
        # Back again just now: the next sweep will tell.
        raise NoReference(f"the values of {spec.metric} were not read since the window was due")
    if unknown := queries.unknown_metric(watched.version, spec.metric):
        # A training job may log its values a moment after it registers the version: wait first.
        raise NoReference(unknown)
    return Result("missed", f"no value of {spec.metric} was logged in this window")


def _numbers(reading: ReadingOut) -> dict[str, object]:
    names = ("feature", "segment", "method", "value", "limit")
    return {name: getattr(reading, name) for name in names}


def watched_of(version: ModelVersion | None) -> Watched | None:
    """Return the champion's series, or None while there is no champion."""
    if version is None:
        return None
    return Watched(version, version.source_model.server)
