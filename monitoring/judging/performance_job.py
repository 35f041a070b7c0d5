"""Measure a window's predictions against the labels that have come."""

from typing import Any

import numpy as np

from monitoring.checks import performance, ranking
from monitoring.checks.order import verdict
from monitoring.checks.performance import Judged, Measured
from monitoring.checks.shapes import PerformanceSpec
from monitoring.data import labels as label_files
from monitoring.data import readers
from monitoring.data.columns import Column, load
from monitoring.data.points import coordinates
from monitoring.integrations import sklearn
from monitoring.judging.protocol import Job, ReadingOut, Result

_RANKED = {"ctr", "precision_at_k", "ndcg"}
_DECIDED = {"accuracy", "precision", "recall", "f1"}
_OURS = "muster 1"


def judge_performance(job: Job) -> Result:
    """Return the verdict on one window's predictions; too few labels are no verdict."""
    spec = PerformanceSpec.model_validate(job.spec, strict=False)
    wanted = {"request_id", spec.prediction, spec.score or spec.prediction, spec.group or ""}
    try:
        everything = None if spec.needs_labels else set(job.contract.get("columns", {})) | wanted
        frame = readers.read(
            job.batch, kind=job.batch_format, columns=everything or wanted, strings=["request_id"]
        )
        columns = {name: load(frame.table[name]) for name in frame.table.column_names}
        missing = sorted(wanted - {""} - set(columns) - ({"request_id"} if everything else set()))
        if missing:
            reason = f"The batch has no column {' and no '.join(missing)}"
            return Result("data_fault", reason, rows=frame.rows)
        if not spec.needs_labels:
            return _clusters(job, spec, frame, columns)
        truth = label_files.join(columns["request_id"], frame, list(job.labels), spec.label)
    except label_files.BadLabels as error:
        return Result("data_fault", str(error))
    except readers.Unreadable as error:
        return Result(error.state, str(error))
    rows, labeled = int(frame.table.num_rows), int(truth.known.sum())
    if not performance.enough_labels(
        labeled=labeled,
        rows=rows,
        min_labels=spec.min_labels,
        min_share=spec.min_completeness,
    ):
        reason = performance.too_few(labeled=labeled, rows=rows, delay_days=spec.label_delay_days)
        return Result("not_evaluated", reason, rows=rows, labeled=labeled,
                      summary={"cause": "labels"})  # fmt: skip
    judged = [
        performance.judge(_measure(spec, metric.name, columns, truth), metric)
        for metric in spec.metrics
    ]
    return _result(judged, rows=rows, labeled=labeled)


def _measure(
    spec: PerformanceSpec, name: str, columns: dict[str, Column], truth: label_files.Truth
) -> Measured:
    known = truth.known
    reads_score = sklearn.needs_score(name) or (name in _RANKED and bool(spec.score))
    answer = columns[(spec.score or spec.prediction) if reads_score else spec.prediction].at(known)
    try:
        actual, said = label_files.comparable(
            truth.values.at(known), answer, spec.threshold,
            as_classes=name in _DECIDED, as_outcome=sklearn.needs_score(name),
        )  # fmt: skip
        n = len(actual)
        if not n:
            raise sklearn.NoMetric("no labeled row has a prediction")
        if name in _RANKED:
            value = _ranked(spec, name, columns, known, truth)
            return Measured(name, value, n, _OURS, "" if value is not None else "no list has a hit")
        return Measured(name, sklearn.measure(name, actual, said), n, sklearn.VERSION)
    except (sklearn.NoMetric, label_files.BadLabels) as error:
        return Measured(name, None, int(known.sum()), problem=str(error))


def _ranked(
    spec: PerformanceSpec, name: str, columns: dict[str, Column], known: Any,
    truth: label_files.Truth,
) -> float | None:  # fmt: skip
    labels = label_files.numbers(truth.values.at(known)).tolist()
    if name == "ctr":
        return ranking.click_rate(labels)
    scores = label_files.numbers(columns[spec.score or spec.prediction].at(known))
    groups = columns[spec.group or ""].values[known].tolist()
    ranked = ranking.lists(groups, np.nan_to_num(scores, nan=-np.inf).tolist(), labels)
    return (
        ranking.precision_at_k(ranked, spec.k)
        if name == "precision_at_k"
        else (ranking.ndcg(ranked))
    )


def _clusters(
    job: Job, spec: PerformanceSpec, frame: readers.Frame, columns: dict[str, Column]
) -> Result:
    names = [
        name
        for name in job.contract.get("columns", {})
        if name in columns and name not in (spec.prediction, spec.score, job.roles.time)
    ]
    metric = spec.metrics[0]
    rows = int(frame.table.num_rows)
    try:
        reference = readers.read(job.reference, columns=set(names))
        then = {name: load(reference.table[name]) for name in reference.table.column_names}
        clusters = columns[spec.prediction]
        present = ~clusters.missing
        points = coordinates(then, columns)[present]
        value = sklearn.silhouette(points, clusters.values[present])
        measured = Measured(metric.name, value, len(points), sklearn.VERSION)
    except (sklearn.NoMetric, readers.Unreadable) as error:
        measured = Measured(metric.name, None, rows, problem=str(error))
    return _result([performance.judge(measured, metric)], rows=rows, labeled=None)


def _result(judged: list[Judged], *, rows: int, labeled: int | None) -> Result:
    state = verdict(one.state for one in judged)
    sentences = [one.sentence for one in judged if one.state == state]
    breaches = [one for one in judged if one.state == "breach"]
    return Result(
        state=state,
        reason="; ".join(sentences) if state != "ok" else "",
        rows=rows,
        labeled=labeled,
        readings=tuple(_reading(one, rows) for one in judged),
        summary={
            "worst": [
                {"feature": one.measured.name, "segment": "", "method": one.measured.name,
                 "value": one.measured.value, "limit": one.limit.limit, "sentence": one.sentence}
                for one in breaches
            ],
            "violations": [],
            "notes": [one.sentence for one in judged],
        },
        made_with={"scikit-learn": sklearn.VERSION.split()[-1], "row_cap": readers.ROW_CAP,
                   "seed": readers.SEED},
    )  # fmt: skip


def _reading(one: Judged, rows: int) -> ReadingOut:
    measured = one.measured
    finite = measured.value is not None and np.isfinite(measured.value)
    return ReadingOut(
        feature=measured.name,
        segment="",
        method=measured.name,
        method_version=measured.by or _OURS,
        value=measured.value if finite else None,
        p_value=None,
        n_reference=None,
        n_current=measured.n,
        limit=one.limit.limit,
        direction=one.limit.direction,
        crossed=one.state == "breach",
        note=one.sentence if one.state != "ok" else "",
    )
