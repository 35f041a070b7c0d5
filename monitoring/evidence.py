"""Gather what one run is judged with, and have it judged; nothing here writes the verdict."""

import contextlib
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from monitoring import baselines, keys, series
from monitoring.baselines import NoReference
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.performance_shapes import PerformanceSpec
from monitoring.checks.shapes import DataSpec, MetricSpec
from monitoring.checks.skew_shapes import SkewSpec
from monitoring.files import gone
from monitoring.judging import aside, client
from monitoring.judging.protocol import Job, Result
from monitoring.models import (
    Baseline,
    Batch,
    Check,
    CheckVersion,
    ContractVersion,
    LabelSet,
    Run,
    Source,
)
from monitoring.queries.checks import current_contract, current_version
from monitoring.queries.runs import batch_before, newest_batch, usual_rows
from monitoring.specs import stored_check
from registry.models import ModelVersion
from registry.queries import champion

_IMPORTANCE = "muster/importance.json"
_DELETED = {"cause": "file_deleted"}
_OTHER_WINDOWS = ("window", "previous")


@dataclass
class Evidence:
    """What a run was judged with, as its row keeps it, and what came of it."""

    check_version: CheckVersion
    model_version: ModelVersion | None = None
    contract_version: ContractVersion | None = None
    baseline: Baseline | None = None
    batch: Batch | None = None
    label_digests: list[str] = field(default_factory=list)
    result: Result = field(default_factory=lambda: Result("not_evaluated"))
    too_early: bool = False  # more labels may come before the window is due

    def columns(self) -> dict[str, object]:
        """Return the fields of the run."""
        return {
            "check_version": self.check_version,
            "model_version": self.model_version,
            "contract_version": self.contract_version,
            "baseline": self.baseline,
            "batch": self.batch,
            "label_digests": self.label_digests,
        }


def labels_for(source: Source, start: datetime) -> list[LabelSet]:
    """Return the newest content of each label file that may cover the window, oldest first."""
    newest: dict[str, LabelSet] = {}
    for labels in source.label_sets.order_by("landed_at", "pk"):
        if labels.window_start in (None, start):
            newest.pop(labels.name, None)
            newest[labels.name] = labels
    return list(newest.values())


def key_of(digests: list[str]) -> str:
    """Return one digest for a set of label files, whatever their order."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def judge(run: Run, *, at: datetime) -> Evidence:
    """Return the verdict on a run's window with what it was judged with.

    Raises NoReference while there is nothing to compare with, JudgeUnavailable and JudgeDied.
    """
    check = run.window.check_ref
    version = current_version(check)
    spec = stored_check(check.kind, version.spec)
    found = Evidence(check_version=version, model_version=champion(check.model))
    if isinstance(spec, MetricSpec):
        _metric(run, spec, found)
    elif isinstance(spec, DataSpec):
        _data(run, spec, found, at=at)
    elif isinstance(spec, SkewSpec):
        _skew(run, spec, found)
    else:
        _outcomes(run, spec, found, at=at)
    if found.batch is not None and found.batch.origin:
        made_with = {**found.result.made_with, **found.batch.origin}
        found.result = replace(found.result, made_with=made_with)
    return found


def _metric(run: Run, spec: MetricSpec, found: Evidence) -> None:
    watched = series.watched_of(found.model_version)
    if watched is None:
        raise NoReference("no version has the alias champion in MLflow")
    found.result = series.judge(watched, spec, run.window)


def _data(run: Run, spec: DataSpec, found: Evidence, *, at: datetime) -> None:
    source = _take_batch(run, spec.source, found)
    if source is None or found.batch is None:
        return
    try:
        _take_reference(run, found, at=at)
    except NoReference:
        # Held against another window, a contract that somebody has written is enough.
        found.contract_version = current_contract(run.window.check_ref.model)
        if spec.baseline not in _OTHER_WINDOWS or found.contract_version is None:
            raise
    files = _files(run, source, found)
    digest = ""
    if spec.baseline in _OTHER_WINDOWS:
        other = _other_window(run, source, spec)
        if other is not None and other.file_deleted_at is not None:
            reason = f"what it is compared with is gone: {gone(other)}"
            found.result = Result("not_evaluated", reason, summary=_DELETED)
            return
        files |= {"reference": other.path if other else ""}
        if other is not None:
            files["reference_format"], digest = other.written_as, other.digest
    ask = _ask_spark if spec.engine == "spark" else _ask
    result = ask(
        Job(
            kind="data",
            spec=found.check_version.spec,
            usual_rows=usual_rows(run.window.check_ref, before=run.window.start),
            importance=_importance(found) if spec.importance == "mlflow" else {},
            **files,
        )
    )
    made_with = {**result.made_with, **({"reference_batch": digest} if digest else {})}
    found.result = replace(result, made_with=made_with)


def _skew(run: Run, spec: SkewSpec, found: Evidence) -> None:
    source = _take_batch(run, spec.source, found)
    if source is None or found.batch is None:
        return
    offline = batch_of(run.window.check_ref, spec.offline, run.window.start)
    if offline is None:
        found.result = Result("not_evaluated", "no offline table came for this window")
        return
    if offline.file_deleted_at is not None:
        found.result = Result("not_evaluated", gone(offline), summary=_DELETED)
        return
    files = _files(run, source, found) | {
        "reference": offline.path,
        "reference_format": offline.written_as,
    }
    result = _ask(Job(kind="skew", spec=found.check_version.spec, **files))
    found.result = replace(result, made_with={**result.made_with, "offline": offline.digest})


def batch_of(check: Check, name: str, start: datetime) -> Batch | None:
    """Return the newest batch of a window in the source of this name."""
    source = Source.objects.filter(model_id=check.model_id, name=name).first()
    return newest_batch(source, start) if source else None


def _other_window(run: Run, source: Source, spec: DataSpec) -> Batch | None:
    if spec.baseline_window is not None:
        return newest_batch(source, spec.baseline_window)
    return batch_before(run.window.check_ref, source, run.window.start)


def _importance(found: Evidence) -> dict[str, Any]:
    logged = found.model_version.documents.get(_IMPORTANCE) if found.model_version else None
    return logged if isinstance(logged, dict) else {}


def _outcomes(
    run: Run, spec: PerformanceSpec | FairnessSpec, found: Evidence, *, at: datetime
) -> None:
    source = _take_batch(run, spec.source, found)
    if source is None or found.batch is None:
        return
    labels = labels_for(source, run.window.start) if spec.needs_labels else []
    found.label_digests = [one.digest for one in labels]
    if isinstance(spec, PerformanceSpec) and spec.needs_reference:
        _take_reference(run, found, at=at)
    elif isinstance(spec, PerformanceSpec) and spec.estimate != "none":
        # What is only shown never keeps a verdict waiting.
        with contextlib.suppress(NoReference):
            _take_reference(run, found, at=at)
    found.result = _ask(
        Job(
            kind=run.window.check_ref.kind,
            spec=found.check_version.spec,
            labels=tuple(one.path for one in labels),
            **_files(run, source, found),
        )
    )
    short = found.result.summary.get("cause") == "labels"
    found.too_early = short and at < run.window.due_at
    if spec.needs_labels and found.result.completeness is not None:
        settled = run.window.end + timedelta(days=spec.label_delay_days)
        found.result.summary["maturity"] = {
            "completeness": found.result.completeness,
            "expected_by": settled.isoformat(),
            "mature": at >= settled,
        }


def _take_batch(run: Run, name: str, found: Evidence) -> Source | None:
    """Choose the newest batch now: a better one may have landed while the run was waiting."""
    source = Source.objects.filter(model_id=run.window.check_ref.model_id, name=name).first()
    found.batch = newest_batch(source, run.window.start) if source else None
    if found.batch is None:
        found.result = Result("missed", "no batch came for this window")
    elif found.batch.file_deleted_at is not None:
        found.result = Result("not_evaluated", gone(found.batch), summary=_DELETED)
        return None
    return source


def _take_reference(run: Run, found: Evidence, *, at: datetime) -> None:
    model = run.window.check_ref.model
    found.baseline = baselines.ensure(model, found.model_version, at=at)
    columns = baselines.roles(model, found.model_version)
    found.contract_version = baselines.contract_for(model, found.baseline, columns, at=at)


def _files(run: Run, source: Source, found: Evidence) -> dict[str, Any]:
    assert found.batch is not None
    return {
        "batch": found.batch.path,
        "environment": keys.environment(source),
        "batch_format": found.batch.written_as,
        "reference": str(baselines.path_of(found.baseline)) if found.baseline else "",
        "contract": found.contract_version.spec if found.contract_version else {},
        "window_start": run.window.start,
        "window_end": run.window.end,
        "roles": baselines.roles(run.window.check_ref.model, found.model_version),
    }


def _ask(job: Job) -> Result:
    return client.judge(job, socket=str(settings.MUSTER_JUDGE_SOCKET))


def _ask_spark(job: Job) -> Result:
    return aside.judge(
        job,
        master=settings.MUSTER_SPARK_MASTER,
        memory=settings.MUSTER_SPARK_MEMORY,
        seconds=settings.MUSTER_SPARK_SECONDS,
    )
