"""Gather from stored rows what a retraining decision may look at; nothing is measured anew."""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from monitoring.models import Alert, Check, Reading, Run
from monitoring.states import OPEN_STATES, VERDICTS, AlertState, RunState, Stage
from policies.models import Job, Trainer
from policies.retraining.seen import Facts, FaultSeen, MetricSeen, RetrainingSeen, WindowSeen
from policies.retraining.specs import PolicySpec
from registry import queries
from registry.models import ModelVersion, RegisteredModel

DATA_FAULTS = (RunState.DATA_FAULT, RunState.SOURCE_FAULT)
# Room to see that a signal has gone off since it was answered.
_MORE_WINDOWS = 20


def gather(model: RegisteredModel, *, trigger: Run | None, spec: PolicySpec) -> Facts:
    """Return what is known now about a model, for a decision after the run `trigger` (or none)."""
    champion = queries.champion(model)
    length = 2 * max((signal.of for signal in spec.signals), default=1) + _MORE_WINDOWS
    runs = _latest_runs(model, length)
    return Facts(
        model=model.slug,
        lifecycle=model.lifecycle,
        trigger_run=trigger.pk if trigger else None,
        trainer_known=Trainer.objects.filter(slug=spec.trainer or "").exists(),
        champion=champion.number if champion else None,
        champion_created_at=champion.created_at if champion else None,
        windows=_windows(runs, champion),
        windows_open=Run.objects.filter(
            window__check_ref__model=model, state__in=OPEN_STATES
        ).count(),
        faults=_faults(model, runs),
        retrainings=tuple(_retraining(job) for job in _jobs(model)),
    )


def _latest_runs(model: RegisteredModel, length: int) -> list[Run]:
    found: list[Run] = []
    for check in Check.objects.filter(model=model).order_by("pk"):
        found += (
            Run.objects.filter(window__check_ref=check, current=True, state__in=VERDICTS)
            .select_related("window__check_ref", "model_version")
            .order_by("-window__start")[:length]
        )
    return sorted(found, key=lambda run: (run.window.start, run.pk))


def _windows(runs: list[Run], champion: ModelVersion | None) -> tuple[WindowSeen, ...]:
    readings = _readings(runs)
    return tuple(
        _window(run, readings[run.pk], champion)
        for run in runs
        if run.window.check_ref.kind != Check.Kind.METRIC
    )


def _readings(runs: list[Run]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    ended = [run.finished_at for run in runs if run.finished_at is not None]
    if not ended:
        return found
    # `at` is the run's end: naming the stretch of time spares all other months' partitions.
    rows = (
        Reading.objects.filter(
            at__gte=min(ended), at__lte=max(ended), run_id__in=[run.pk for run in runs], segment=""
        )
        .exclude(stage=Stage.ESTIMATE)
        .values("run_id", "feature", "method", "value", "direction", "limit", "crossed")
    )
    for row in rows:
        found[row["run_id"]].append(dict(row))
    return found


def _window(run: Run, readings: list[dict[str, Any]], champion: ModelVersion | None) -> WindowSeen:
    check = run.window.check_ref
    drifted: set[str] = set()
    share = None
    metrics: tuple[MetricSeen, ...] = ()
    if check.kind == Check.Kind.DATA and run.state in (RunState.OK, RunState.DRIFT):
        drifted = {row["feature"] for row in readings if row["crossed"]}
        columns = {row["feature"] for row in readings if row["value"] is not None}
        share = len(drifted) / len(columns) if columns else None
    elif check.kind == Check.Kind.PERFORMANCE and run.state in (RunState.OK, RunState.BREACH):
        metrics = tuple(_metrics(readings, run.model_version or champion))
    return WindowSeen(
        check=check.slug,
        kind=check.kind,
        start=run.window.start,
        end=run.window.end,
        run=run.pk,
        state=run.state,
        version=run.model_version.number if run.model_version else None,
        drift_share=share,
        drifted=tuple(sorted(drifted)),
        metrics=metrics,
    )


def _metrics(readings: list[dict[str, Any]], version: ModelVersion | None) -> Iterable[MetricSeen]:
    for row in sorted(readings, key=lambda row: (row["feature"], row["method"])):
        if row["value"] is None or not math.isfinite(row["value"]):
            continue
        # A metric is named by its method; `feature` is the column it was computed on, if any.
        for name in dict.fromkeys((row["method"], row["feature"])):
            if name:
                yield MetricSeen(
                    name=name,
                    value=row["value"],
                    direction=row["direction"],
                    limit=row["limit"],
                    reference=reference_value(name, version),
                )


def reference_value(metric: str, version: ModelVersion | None) -> float | None:
    """Return what the version itself reached: out of time, else on the rows it was tested with."""
    if version is None:
        return None
    document = version.documents.get("muster/oot.json")
    if isinstance(document, dict) and document.get("metric") == metric:
        value = _number(document.get("value"))
        if value is not None:
            return value
    for prefix in ("", "oot_", "holdout_", "test_", "validation_", "val_"):
        stored = version.metrics.get(prefix + metric)
        value = _number(stored.get("value") if isinstance(stored, dict) else stored)
        if value is not None:
            return value
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _faults(model: RegisteredModel, runs: list[Run]) -> tuple[FaultSeen, ...]:
    """Return the faults that are open: alerts, and newest windows no alert was opened for."""
    alerts = (
        Alert.objects.filter(model=model, condition__in=DATA_FAULTS)
        .exclude(state=AlertState.RESOLVED)
        .select_related("check_ref")
        .order_by("since", "pk")
    )
    found = {
        (alert.check_slug, alert.condition): FaultSeen(
            alert.check_slug, alert.condition, alert.since, alert.headline[:300]
        )
        for alert in alerts
    }
    newest = {run.window.check_ref_id: run for run in runs}
    for run in newest.values():
        check = run.window.check_ref
        if run.state in DATA_FAULTS and not check.paused:
            seen = FaultSeen(check.slug, run.state, run.window.start, run.reason[:300])
            found.setdefault((check.slug, run.state), seen)
    return tuple(found.values())


def _jobs(model: RegisteredModel) -> Iterable[Job]:
    jobs = Job.objects.filter(model=model).select_related(
        "decision__trigger_run__window", "result_version"
    )
    return reversed(jobs.order_by("-requested_at", "-pk")[:100])


def _retraining(job: Job) -> RetrainingSeen:
    seen = job.decision.facts.get("seen", {})
    ends = [datetime.fromisoformat(window["end"]) for window in seen.get("windows", [])]
    if job.decision.trigger_run is not None:
        ends.append(job.decision.trigger_run.window.end)
    return RetrainingSeen(
        at=job.requested_at,
        state=job.state,
        champion=seen.get("champion"),
        covers_until=max(ends, default=job.requested_at),
        version=job.result_version.number if job.result_version else None,
    )
