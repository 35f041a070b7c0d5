"""Learn a contract from a reference: what its batches must look like, with room to drift in.

The room matters: a shift of one or two deviations is drift, for people to judge; a column that
is a hundred times too large is a fault of the pipeline. So ranges are widened by the whole width
of the reference, and the unit rule looks at magnitudes instead.
"""

import math
from typing import Any

from monitoring.checks.profiles import ColumnProfile, TableProfile

MAX_LISTED = 200  # categories; above it a column counts as free text
_NULL_ROOM = 0.05
_DUPLICATE_ROOM = 0.05
_ABSURD_WIDTHS = 1000.0


def learn(profile: TableProfile, *, leave_out: set[str]) -> dict[str, Any]:
    """Return the JSON of a contract that the reference itself meets."""
    columns = {
        name: _column(column)
        for name, column in profile.columns.items()
        if name not in leave_out and column.family != "other"
    }
    share = profile.duplicate_rows / profile.read if profile.read else 0.0
    return {
        "columns": columns,
        "max_duplicate_rows": round(min(1.0, share + _DUPLICATE_ROOM), 4),
    }


def _column(column: ColumnProfile) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "family": column.family,
        "max_null_share": round(min(1.0, column.null_share + _NULL_ROOM), 4),
    }
    if column.family == "number":
        rules |= _reach(column)
    if column.family == "category" and column.counts is not None:
        rules["categories"] = sorted(column.counts)
    return rules


def _reach(column: ColumnProfile) -> dict[str, Any]:
    rules: dict[str, Any] = {"allow_infinite": column.infinite > 0}
    if column.low is None or column.high is None:
        return rules
    width = column.high - column.low
    if not math.isfinite(width):
        return rules
    # A constant column has no width; it may still move by its own size before it is a fault.
    width = width or max(abs(column.high), 1.0)
    reach = max(abs(column.low), abs(column.high), width)
    rules |= {"low": column.low - width, "high": column.high + width}
    if math.isfinite(reach * _ABSURD_WIDTHS):
        rules["absurd"] = reach * _ABSURD_WIDTHS
    if column.sign and column.magnitudes:
        rules |= {"sign": column.sign, "magnitudes": list(column.magnitudes)}
    return rules
