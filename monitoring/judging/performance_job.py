"""Measure a window's predictions against the labels that have come."""

from typing import Any

import numpy as np

from monitoring.checks import performance
from monitoring.checks.order import verdict
from monitoring.checks.performance import Judged, Measured
from monitoring.checks.performance_shapes import OF_FEATURES, PerformanceSpec
from monitoring.data import labels as label_files
from monitoring.data import readers
from monitoring.data.columns import Column, load_all
from monitoring.integrations import sklearn
from monitoring.judging import estimating, shortage
from monitoring.judging.performance_figures import Labeled, naive_error
from monitoring.judging.protocol import HistogramOut, Job, ReadingOut, Result
from monitoring.judging.unlabeled_figures import Unlabeled
from monitoring.statistics import errors

_NOTES = 40


def judge_performance(job: Job) -> Result:
    """Return the verdict on one window's predictions; too few labels are no verdict."""
    spec = PerformanceSpec.model_validate(job.spec, strict=False)
    wanted = {"request_id", *spec.divided_by} | ({spec.group} if spec.group else set())
    if spec.needs_prediction:
        wanted |= {spec.prediction, spec.score or spec.prediction}
    of_features = {metric.name for metric in spec.metrics} & OF_FEATURES
    features = set(job.contract.get("columns", {})) if of_features else set()
    try:
        frame = readers.read(
            job.batch, kind=job.batch_format, columns=wanted | features, strings=["request_id"]
        )
        columns = load_all(frame.table)
        missing = wanted - set(columns) - (set() if spec.needs_labels else {"request_id"})
        if missing:
            reason = f"The batch has no column {' and no '.join(sorted(missing))}"
            return Result("data_fault", reason, rows=frame.rows)
        rows = int(frame.table.num_rows)
        truth = None
        if spec.needs_labels:
            truth = label_files.join(columns["request_id"], frame, list(job.labels), spec.label)
        estimated = estimating.estimates(job, spec, columns)
        if truth is not None:
            labeled = int(truth.known.sum())
            short = shortage.of_labels(spec, labeled=labeled, rows=rows, estimate=estimated)
            if short is not None:
                return short
        batch = Unlabeled(job, spec, columns, rows, _reference(job, spec, features))
        measured, histograms = batch.measure_all()
        if truth is not None:
            measured = _labeled(batch, truth) + measured
    except label_files.BadLabels as error:
        return Result("data_fault", str(error))
    except readers.Unreadable as error:
        return Result(error.state, str(error))
    limits = {str(metric.name): metric for metric in spec.metrics}
    judged = [performance.judge(one, limits[one.name]) for one in measured]
    return _result(
        judged,
        rows=rows,
        labeled=int(truth.known.sum()) if truth else None,
        histograms=histograms,
        estimated=estimated,
    )


def _reference(job: Job, spec: PerformanceSpec, features: set[str]) -> dict[str, Column]:
    if not spec.needs_reference:
        return {}
    time = job.roles.time or "time"
    wanted = {*features, *spec.series, spec.prediction, spec.label, job.roles.label, time}
    try:
        table = readers.read(job.reference, columns=wanted).table
    except readers.Unreadable:
        return {}  # it is not the batch's fault: what needs the reference says that it has none
    return load_all(table, time=time)


def _labeled(batch: Unlabeled, truth: label_files.Truth) -> list[Measured]:
    job, spec = batch.job, batch.spec
    label = spec.label if spec.label in batch.then else job.roles.label
    naive = naive_error(spec, batch.then, label=label, time=job.roles.time or "time")
    return Labeled(spec, batch.columns, truth, naive).measure_all()


def _result(
    judged: list[Judged],
    *,
    rows: int,
    labeled: int | None,
    histograms: list[HistogramOut],
    estimated: dict[str, Any],
) -> Result:
    state = verdict(one.state for one in judged)
    sentences = [one.sentence for one in judged if one.state == state]
    whole = [one.sentence for one in judged if not one.measured.segment]
    parts = [one.sentence for one in judged if one.measured.segment and one.state != "ok"]
    return Result(
        state=state,
        reason="; ".join(sentences) if state != "ok" else "",
        rows=rows,
        labeled=labeled,
        readings=(*(_reading(one) for one in judged), *estimating.readings(estimated)),
        histograms=tuple(histograms),
        summary={
            "worst": [_worst(one) for one in judged if one.state == "breach"],
            "violations": [],
            "notes": (whole + parts)[:_NOTES],
            **({"estimate": estimated} if estimated else {}),
        },
        made_with={"scikit-learn": sklearn.VERSION.split()[-1], "row_cap": readers.ROW_CAP,
                   "seed": readers.SEED},
    )  # fmt: skip


def _worst(one: Judged) -> dict[str, Any]:
    return {"feature": one.measured.name, "segment": one.measured.segment,
            "method": one.measured.name, "value": one.measured.value, "limit": one.bound,
            "sentence": one.sentence}  # fmt: skip


def _reading(one: Judged) -> ReadingOut:
    measured = one.measured
    finite = measured.value is not None and np.isfinite(measured.value)
    return ReadingOut(
        feature=measured.name,
        segment=measured.segment,
        method=measured.name,
        method_version=measured.by or errors.VERSION,
        value=measured.value if finite else None,
        p_value=None,
        n_reference=None,
        n_current=measured.n,
        limit=one.bound,
        direction=one.limit.direction,
        crossed=one.state == "breach",
        note=one.sentence if one.state != "ok" or measured.detail else "",
        stage="performance",
    )
