"""Judge measured metrics against the limits of a performance check."""

import math
from dataclasses import dataclass

from monitoring.checks import metric as single
from monitoring.checks.shapes import MetricLimit
from monitoring.checks.words import percent


@dataclass(frozen=True)
class Measured:
    """One metric as measured, or why it could not be."""

    name: str
    value: float | None
    n: int
    by: str = ""  # the library and version that computed it
    problem: str = ""


@dataclass(frozen=True)
class Judged:
    """One metric with its verdict."""

    measured: Measured
    limit: MetricLimit
    state: str  # ok, breach or not_evaluated
    sentence: str


def enough_labels(*, labeled: int, rows: int, min_labels: int, min_share: float) -> bool:
    """Say whether so many labels tell anything about the window."""
    return rows > 0 and labeled >= min_labels and labeled / rows >= min_share


def too_few(*, labeled: int, rows: int, delay_days: int) -> str:
    """Say why a window could not be judged: "labels: 12 % of rows after 28 days"."""
    share = percent(labeled / rows) if rows else "0 %"
    return f"labels: {share} of rows after {delay_days} days ({labeled:,} of {rows:,})"


def judge(measured: Measured, limit: MetricLimit) -> Judged:
    """Give one metric its verdict; a metric that could not be computed is never ok."""
    if measured.value is None or not math.isfinite(measured.value):
        problem = measured.problem or "it has no finite value"
        return Judged(measured, limit, "not_evaluated", f"{measured.name}: {problem}")
    found = single.judge(
        measured.name, measured.value, limit=limit.limit, direction=limit.direction
    )
    return Judged(measured, limit, "breach" if found.crossed else "ok", found.sentence)
