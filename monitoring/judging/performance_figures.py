"""Measure one batch against its labels: each metric over all rows and over each segment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monitoring.checks import ranking
from monitoring.checks.performance import Measured
from monitoring.checks.performance_shapes import UNLABELED, MetricLimit, PerformanceSpec
from monitoring.checks.words import number
from monitoring.data import groups as dividing
from monitoring.data import labels as label_files
from monitoring.data.columns import Column
from monitoring.data.groups import NoGroups
from monitoring.integrations import sklearn
from monitoring.statistics import errors

_RANKED = {"ctr", "precision_at_k", "ndcg"}
_DECIDED = {"accuracy", "precision", "recall", "f1", "fbeta", "cost"}
_OF_CHANCE = {"brier", "calibration"}


@dataclass(frozen=True)
class Labeled:
    """The rows of a batch with what came true."""

    spec: PerformanceSpec
    columns: dict[str, Column]
    truth: label_files.Truth
    naive_error: float | None = None  # of the reference's seasonal naive forecast

    def measure_all(self) -> list[Measured]:
        """Measure every metric over all rows, and over each segment with enough labels."""
        wanted = [m for m in self.spec.metrics if m.name not in UNLABELED]
        found = [self.measure(metric, self.truth.known) for metric in wanted]
        for column in self.spec.divided_by:
            for segment, rows in self._parts(column).items():
                for metric in wanted:
                    found.append(replace(self.measure(metric, rows), segment=segment))
        return found

    def _parts(self, column: str) -> dict[str, Any]:
        try:
            grouped = dividing.divide(self.columns, [column])
        except NoGroups as error:
            raise label_files.BadLabels(f"segments: {error}") from error
        parts = {}
        for name in grouped.names:
            rows = grouped.rows_of(name) & self.truth.known
            if rows.sum() >= self.spec.segment_min_labels:
                parts[f"{column}={name}"] = rows
        return parts

    def measure(self, metric: MetricLimit, rows: Any) -> Measured:
        """Measure one metric over some of the labeled rows, or say why it cannot be."""
        name, spec = metric.name, self.spec
        of_chance = sklearn.needs_score(name) or name in _OF_CHANCE
        reads_score = of_chance or (name in _RANKED and bool(spec.score))
        answer = self.columns[(spec.score or spec.prediction) if reads_score else spec.prediction]
        try:
            actual, said = label_files.comparable(
                self.truth.values.at(rows), answer.at(rows), spec.threshold,
                as_classes=name in _DECIDED, as_outcome=of_chance,
            )  # fmt: skip
            if not len(actual):
                raise sklearn.NoMetric("no labeled row has a prediction")
            if name in _RANKED:
                value = self._ranked(name, rows)
                problem = "" if value is not None else "no list has a hit"
                return Measured(name, value, len(actual), errors.VERSION, problem)
            return self._measured(metric, actual, said)
        except (sklearn.NoMetric, label_files.BadLabels) as error:
            return Measured(name, None, int(rows.sum()), problem=str(error))

    def _measured(self, metric: MetricLimit, actual: Any, said: Any) -> Measured:
        name, n, detail = metric.name, len(actual), ""
        if name in _OF_CHANCE and (said.min() < 0 or said.max() > 1):
            raise sklearn.NoMetric("needs probabilities from 0 to 1")
        if name == "brier":
            value = errors.brier(actual, said)
        elif name == "calibration":
            value = errors.calibration(actual, said)
        elif metric.beta is not None:
            value, detail = errors.fbeta(actual, said, metric.beta), f"beta {metric.beta:g}"
        elif metric.costs is not None:
            value, detail = errors.cost(actual, said, metric.costs.model_dump()), "a row"
        elif name == "bias":
            mean = float(np.mean(said - actual))
            value, detail = abs(mean), f"answers are too {'high' if mean > 0 else 'low'}"
        elif name == "mase":
            if not self.naive_error:
                season = self.spec.season_length
                raise sklearn.NoMetric(f"the reference has no series with a season of {season}")
            value = float(np.abs(said - actual).mean()) / self.naive_error
            detail = f"a seasonal naive forecast errs by {number(self.naive_error)}"
        else:
            return Measured(name, sklearn.measure(name, actual, said), n, sklearn.VERSION)
        return Measured(name, value, n, errors.VERSION, detail=detail)

    def _ranked(self, name: str, rows: Any) -> float | None:
        spec = self.spec
        labels = label_files.numbers(self.truth.values.at(rows)).tolist()
        if name == "ctr":
            return ranking.click_rate(labels)
        scores = label_files.numbers(self.columns[spec.score or spec.prediction].at(rows))
        groups = self.columns[spec.group or ""].values[rows].tolist()
        ranked = ranking.lists(groups, np.nan_to_num(scores, nan=-np.inf).tolist(), labels)
        if name == "precision_at_k":
            return ranking.precision_at_k(ranked, spec.k)
        return ranking.ndcg(ranked)


def naive_error(
    spec: PerformanceSpec, reference: Mapping[str, Column], *, label: str, time: str
) -> float | None:
    """Return the error of the seasonal naive forecast on the reference, or None without one."""
    if spec.season_length is None or label not in reference or time not in reference:
        return None
    values = label_files.numbers(reference[label])
    parts = [name for name in spec.series if name in reference]
    if len(parts) < len(spec.series):
        return None
    series = dividing.divide(reference, parts).codes if parts else np.zeros(len(values), np.int64)
    keep = np.isfinite(values) & ~reference[time].missing & (series >= 0)
    return errors.naive_error(
        values[keep], reference[time].values[keep], series[keep], spec.season_length
    )
