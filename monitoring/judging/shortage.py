"""Too few labels: the one verdict on it, whatever was to be measured with them."""

from typing import Any

from monitoring.checks import performance
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.performance_shapes import PerformanceSpec
from monitoring.judging.protocol import Result


def of_labels(
    spec: PerformanceSpec | FairnessSpec, *, labeled: int, rows: int, **summary: Any
) -> Result | None:
    """Return the verdict when too few labels are there to tell anything, else None."""
    if performance.enough_labels(
        labeled=labeled,
        rows=rows,
        min_labels=spec.min_labels,
        min_share=spec.min_completeness,
    ):
        return None
    reason = performance.too_few(labeled=labeled, rows=rows, delay_days=spec.label_delay_days)
    told = {name: value for name, value in summary.items() if value}
    return Result(
        "not_evaluated", reason, rows=rows, labeled=labeled, summary={"cause": "labels", **told}
    )
