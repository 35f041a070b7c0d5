"""Judge measured metrics against the limits of a performance check."""

import math
from dataclasses import dataclass

from monitoring.checks import metric as single
from monitoring.checks.performance_shapes import MetricLimit
from monitoring.checks.words import number, percent


@dataclass(frozen=True)
class Measured:
    """One metric as measured over all rows or one segment, or why it could not be."""

    name: str
    value: float | None
    n: int
    by: str = ""  # the library and version that computed it
    problem: str = ""
    segment: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Judged:
    """One metric with its verdict; without a bound it is only shown."""

    measured: Measured
    limit: MetricLimit
    state: str  # ok, breach or not_evaluated
    sentence: str

    @property
    def bound(self) -> float | None:
        return self.limit.bound_of(self.measured.segment)


def enough_labels(*, labeled: int, rows: int, min_labels: int, min_share: float) -> bool:
    """Say whether so many labels tell anything about the window."""
    return rows > 0 and labeled >= min_labels and labeled / rows >= min_share


def too_few(*, labeled: int, rows: int, delay_days: int) -> str:
    """Say why a window could not be judged: "labels: 12 % of rows after 28 days"."""
    share = percent(labeled / rows) if rows else "0 %"
    return f"labels: {share} of rows after {delay_days} days ({labeled:,} of {rows:,})"


def judge(measured: Measured, limit: MetricLimit) -> Judged:
    """Give one metric its verdict; a metric that could not be computed is never ok."""
    bound = limit.bound_of(measured.segment)
    where = f" in {measured.segment}" if measured.segment else ""
    name = f"{measured.name}{where}"
    if measured.value is None or not math.isfinite(measured.value):
        problem = measured.problem or "it has no finite value"
        # A segment without a limit was not promised a verdict.
        state = "not_evaluated" if bound is not None else "ok"
        return Judged(measured, limit, state, f"{name}: {problem}")
    more = f" ({measured.detail})" if measured.detail else ""
    if bound is None:
        return Judged(measured, limit, "ok", f"{name} is {number(measured.value)}{more}")
    found = single.judge(name, measured.value, limit=bound, direction=limit.direction)
    return Judged(measured, limit, "breach" if found.crossed else "ok", found.sentence + more)
