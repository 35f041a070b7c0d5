"""The estimate of a window's metrics until its labels are there: shown, and never a verdict."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitoring.checks.performance_shapes import ESTIMABLE, MetricLimit, PerformanceSpec
from monitoring.data import labels as label_files
from monitoring.data import readers
from monitoring.data.columns import Column, load_all
from monitoring.integrations import sklearn
from monitoring.judging.protocol import Job, ReadingOut
from monitoring.statistics import errors, estimate
from monitoring.statistics.estimate import NoEstimate, Weighted

METHOD = "estimated"
_ASSUMES = "the relation between inputs and outcome is as it was in the reference"


def estimates(job: Job, spec: PerformanceSpec, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return the estimates of a batch, or why there are none; {} when none were asked for."""
    if spec.estimate == "none":
        return {}
    try:
        return {"method": "confidence", "version": estimate.VERSION, "assumes": _ASSUMES,
                "metrics": _metrics(job, spec, columns)}  # fmt: skip
    except (NoEstimate, label_files.BadLabels) as error:
        return {"problem": str(error)}
    except readers.Unreadable:
        return {"problem": "the reference cannot be read"}


def _metrics(
    job: Job, spec: PerformanceSpec, columns: Mapping[str, Column]
) -> list[dict[str, Any]]:
    scores, truth, then_said = _known(job, spec)
    learned = estimate.calibrate(scores, truth)
    score = label_files.numbers(columns[spec.score or spec.prediction])
    decision = _decided(columns[spec.prediction], spec.threshold)
    usable = np.isfinite(score) & ~columns[spec.prediction].missing
    if not usable.any():
        raise NoEstimate("no row has a score and a decision")
    chances, found = learned(score[usable]), []
    for metric in spec.metrics:
        if metric.name not in ESTIMABLE:
            continue
        measure = _weighted(metric)
        of_chance = _reads_chance(metric)
        value = estimate.expected(measure, chances, (score if of_chance else decision)[usable])
        if value is None or not np.isfinite(value):
            continue
        said = scores if of_chance else then_said
        tried = estimate.try_out(measure, scores, truth, said, rows=len(chances))
        found.append(
            {
                "name": metric.name, "value": value, "n": len(chances), "limit": metric.limit,
                "direction": metric.direction, "reference_error": tried.error,
                "reference_stretches": tried.stretches,
            }
        )  # fmt: skip
    return found


def _known(job: Job, spec: PerformanceSpec) -> tuple[Any, Any, Any]:
    """Return scores, outcomes and decisions of the reference, oldest first."""
    if not job.reference:
        raise NoEstimate("there is no reference to learn from")
    time = job.roles.time or "time"
    score, labels = spec.score or spec.prediction, (spec.label, job.roles.label)
    table = readers.read(job.reference, columns={score, spec.prediction, time, *labels}).table
    then = load_all(table, time=time)
    label = next((name for name in labels if name in then), None)
    if label is None or score not in then or spec.prediction not in then:
        raise NoEstimate(f"the reference needs the columns {score}, {spec.prediction} and a label")
    truth, scores = label_files.comparable(
        then[label], then[score], spec.threshold, as_classes=False, as_outcome=True
    )
    keep = ~then[label].missing & ~then[score].missing
    decisions = _decided(then[spec.prediction], spec.threshold)[keep]
    order = (
        np.argsort(then[time].values[keep], kind="stable")
        if time in then and then[time].family == "time"
        else np.arange(len(scores))
    )
    order = order[np.isfinite(scores[order])]
    return scores[order], truth[order], decisions[order]


def _decided(answer: Column, threshold: float | None) -> Any:
    """Return the decisions as 0 and 1, as the metrics of decisions read them."""
    if answer.family in ("category", "text"):
        positive = max(answer.labels) if answer.labels else ""
        return np.array([label == positive for label in (*answer.labels, "")])[
            answer.values
        ].astype(int)
    values = label_files.numbers(answer)
    if not set(np.unique(values[np.isfinite(values)])) <= {0.0, 1.0}:
        return (values >= (0.5 if threshold is None else threshold)).astype(int)
    return np.nan_to_num(values).astype(int)


def _reads_chance(metric: MetricLimit) -> bool:
    return sklearn.needs_score(metric.name) or metric.name == "brier"


def _weighted(metric: MetricLimit) -> Weighted:
    def measure(truth: Any, answer: Any, weights: Any) -> float | None:
        if metric.name == "brier":
            return float(np.average((answer - truth) ** 2, weights=weights))
        if metric.beta is not None:
            return errors.fbeta(truth, answer, metric.beta, weights)
        try:
            return sklearn.measure(metric.name, truth, answer, weights=weights)
        except sklearn.NoMetric:
            return None

    return measure


def readings(estimated: Mapping[str, Any]) -> list[ReadingOut]:
    """Return the estimates as readings beside the realised values; none has a limit to cross."""
    return [
        ReadingOut(
            feature=one["name"],
            segment="",
            method=METHOD,
            method_version=estimated["version"],
            value=one["value"],
            p_value=None,
            n_reference=None,
            n_current=one["n"],
            limit=None,
            direction=one["direction"],
            crossed=False,
            note="estimated from the confidence of the answers, without labels",
            stage="estimate",
        )
        for one in estimated.get("metrics", [])
    ]
