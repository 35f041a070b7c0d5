"""Measure what needs no labels: clusters, and how well made-up rows pass for real ones."""

from dataclasses import dataclass

import numpy as np

from monitoring.checks.performance import Measured
from monitoring.checks.performance_shapes import PerformanceSpec
from monitoring.checks.words import percent
from monitoring.data.columns import Column
from monitoring.data.points import clouds, coordinates, drawn
from monitoring.data.readers import SEED
from monitoring.integrations import sklearn
from monitoring.judging.protocol import HistogramOut, Job
from monitoring.statistics import errors

_FEWEST = 50
_NAMED = 3
_MOST_CLUSTERS = 500


@dataclass(frozen=True)
class Unlabeled:
    """What was read of a window, and of the reference where a metric looks at it."""

    job: Job
    spec: PerformanceSpec
    columns: dict[str, Column]
    rows: int
    then: dict[str, Column]

    def measure_all(self) -> tuple[list[Measured], list[HistogramOut]]:
        """Measure each metric that needs no labels, or say why it cannot be."""
        measured: list[Measured] = []
        histograms: list[HistogramOut] = []
        for metric in self.spec.metrics:
            try:
                if metric.name == "silhouette":
                    measured.append(self._silhouette())
                elif metric.name == "detection_auc":
                    measured.append(self._detection())
                elif metric.name == "cluster_shift":
                    found, histogram = self._shift()
                    measured.append(found)
                    histograms.append(histogram)
            except sklearn.NoMetric as error:
                measured.append(Measured(metric.name, None, self.rows, problem=str(error)))
        return measured, histograms

    def _features(self) -> list[str]:
        """Return the contracted columns that both sides have, without answers, label and time."""
        roles = self.job.roles
        aside = {self.spec.prediction, self.spec.score, roles.time, *roles.leave_out}
        aside |= {self.spec.label, roles.label, "request_id"}
        names = [
            name
            for name in self.job.contract.get("columns", {})
            if name in self.columns and name in self.then and name not in aside
        ]
        if not names:
            raise sklearn.NoMetric("the reference holds none of the batch's columns")
        return names

    def _silhouette(self) -> Measured:
        then = {name: self.then[name] for name in self._features()}
        clusters = self.columns[self.spec.prediction]
        present = ~clusters.missing
        points = coordinates(then, self.columns)[present]
        value = sklearn.silhouette(points, clusters.values[present])
        return Measured("silhouette", value, len(points), sklearn.VERSION)

    def _detection(self) -> Measured:
        """Say how well a classifier tells the rows from real ones: 0.5 is not at all."""
        names = self._features()
        first, second, told, owners = clouds(drawn(names, self.then), drawn(names, self.columns))
        if not told or min(len(first), len(second)) < _FEWEST:
            raise sklearn.NoMetric(f"fewer than {_FEWEST} rows to tell apart")
        value, lost = sklearn.told_apart(first, second, owners, seed=SEED)
        most = sorted(zip(lost, told, strict=True), reverse=True)[:_NAMED]
        detail = f"told by {', '.join(name for _, name in most)}" if value > 0.5 else ""
        return Measured("detection_auc", value, len(second), sklearn.VERSION, detail=detail)

    def _shift(self) -> tuple[Measured, HistogramOut]:
        """Compare the share of each cluster with the reference's: their total variation."""
        name = self.spec.prediction
        if name not in self.then:
            raise sklearn.NoMetric(f"the reference has no column {name}")
        sides = [_clusters(side[name]) for side in (self.then, self.columns)]
        labels = sorted({*sides[0], *sides[1]})
        counts = [[side.get(label, 0) for label in labels] for side in sides]
        sums = [sum(side) for side in counts]
        if not all(sums):
            raise sklearn.NoMetric("no row has a cluster")
        then, now = (np.array(c) / total for c, total in zip(counts, sums, strict=True))
        most = int(np.argmax(np.abs(now - then)))
        detail = (
            f"cluster {labels[most]} went from {percent(float(then[most]))} to "
            f"{percent(float(now[most]))} of the rows"
        )
        value = float(np.abs(now - then).sum() / 2)
        return (
            Measured("cluster_shift", value, sums[1], errors.VERSION, detail=detail),
            HistogramOut(name, "", None, labels, counts[0], counts[1]),
        )


def _clusters(column: Column) -> dict[str, int]:
    if column.family in ("time", "other"):
        raise sklearn.NoMetric("times or lists are no clusters")
    values, counts = np.unique(column.values[~column.missing], return_counts=True)
    if len(values) > _MOST_CLUSTERS:
        raise sklearn.NoMetric(f"{len(values):,} different values are no clusters")
    names = (
        [f"{value:g}" for value in values]
        if column.numeric
        else [column.labels[int(value)] for value in values]
    )
    return {name: int(n) for name, n in zip(names, counts, strict=True)}
