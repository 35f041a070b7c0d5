"""Take the profile of a table: the plain numbers that contracts are learned from and judged on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitoring.checks.profiles import ColumnProfile, TableProfile
from monitoring.checks.shapes import ColumnContract
from monitoring.data.columns import Column, Described, repeated
from monitoring.data.readers import Frame
from monitoring.statistics.ranks import Ranks

_QUARTILES = np.array([0.25, 0.5, 0.75])
_HALF = np.uint64(32)
_PEEK = 500
_TELLING = 3  # columns that mostly tell every row from every other


def profile(
    frame: Frame,
    columns: Mapping[str, Column],
    *,
    rules: Mapping[str, ColumnContract] | None = None,
    ids: Any = None,
    time: Column | None = None,
    window: tuple[datetime, datetime] | None = None,
) -> TableProfile:
    """Describe the table; `rules` say beyond which values to count, `ids` is an Arrow column."""
    rows = int(frame.table.num_rows)
    before = after = 0
    times = None
    if time is not None and time.family == "time" and rows:
        moments = time.values[~time.missing]
        if len(moments):
            times = (text(moments.min()), text(moments.max()))
        if window:
            before = int((moments < micros(window[0])).sum())
            after = int((moments >= micros(window[1])).sum())
    return TableProfile(
        rows=frame.rows,
        read=rows,
        names=frame.names,
        columns={
            name: describe(column, (rules or {}).get(name)) for name, column in columns.items()
        },
        duplicate_rows=_repeats([column.values for column in columns.values()], rows),
        duplicate_ids=0 if ids is None else repeated(ids),
        before_window=before,
        after_window=after,
        times=times,
    )


def describe(column: Described, rules: ColumnContract | None = None) -> ColumnProfile:
    """Describe one column."""
    rows, nulls = column.rows, column.nulls
    if column.family == "number":
        return _numbers(column.ranks, rows, nulls, rules)
    if column.family in ("category", "flag", "text"):
        counts = column.counts
        listed = None
        if column.family != "text":
            listed = {label: int(n) for label, n in zip(column.labels, counts, strict=True) if n}
        return ColumnProfile(column.family, rows, nulls, distinct=column.distinct, counts=listed)
    return ColumnProfile(column.family, rows, nulls)


def _numbers(ranks: Ranks, rows: int, nulls: int, rules: ColumnContract | None) -> ColumnProfile:
    infinite = rows - nulls - ranks.n
    if not ranks.n:
        return ColumnProfile("number", rows, nulls, infinite)
    low, high = ranks.low, ranks.high
    sign = 1 if low >= 0 else -1 if high <= 0 else None
    outside = absurd = 0
    if rules:
        lowest = -np.inf if rules.low is None else rules.low
        highest = np.inf if rules.high is None else rules.high
        if low < lowest or high > highest:
            outside = ranks.beyond(lowest, highest)
    if rules and rules.absurd is not None and max(-low, high) > rules.absurd:
        absurd = ranks.beyond(-rules.absurd, rules.absurd)
    return ColumnProfile(
        "number", rows, nulls, infinite, low=low, high=high, sign=sign,
        magnitudes=_magnitudes(ranks, sign) if sign else None, outside=outside, absurd=absurd,
    )  # fmt: skip


def _magnitudes(ranks: Ranks, sign: int) -> tuple[float, float, float] | None:
    """Return the quartiles of |value| without the zeros, of a column of one sign."""
    zeros = ranks.zeros
    if zeros == ranks.n:
        return None
    if not zeros:
        lower, middle, upper = np.sort(np.abs(ranks.spots[1:4])).tolist()
        return lower, middle, upper
    # In order, the zeros of positive numbers come first and those of negative ones last.
    places = (ranks.n - zeros - 1) * (_QUARTILES if sign > 0 else 1 - _QUARTILES)
    places += zeros if sign > 0 else 0
    lower, middle, upper = np.abs(ranks.quantiles(places / max(1, ranks.n - 1))).tolist()
    return lower, middle, upper


def _repeats(arrays: list[Any], rows: int) -> int:
    """Count the rows that repeat an earlier one, by a hash over all columns."""
    if not arrays or not rows:
        return 0
    # Rows that differ in a few columns differ: the others need no look.
    telling = sorted(arrays, key=lambda values: -_different(values[:_PEEK]))[:_TELLING]
    if _different(_hashed(telling, rows)) == rows:
        return 0
    return rows - _different(_hashed(arrays, rows))


def _hashed(arrays: list[Any], rows: int) -> Any:
    """Return one number a row: a sum over the columns, each mixed and times a number of its own."""
    odd = np.random.default_rng(len(arrays)).integers(2**63, size=len(arrays), dtype=np.uint64)
    total = np.zeros(rows, dtype=np.uint64)
    for values, factor in zip(arrays, odd * np.uint64(2) + np.uint64(1), strict=True):
        bits = values if values.dtype.kind == "f" else values.astype(np.int64, copy=False)
        bits = bits.view(np.uint64)
        # Round numbers differ in their upper half only, which a product would push out.
        mixed = bits ^ (bits >> _HALF)
        mixed *= factor
        total += mixed
    return total


def _different(values: Any) -> int:
    ordered = np.sort(values)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1])) if len(ordered) else 0


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def text(micros: Any) -> str:
    try:
        return datetime.fromtimestamp(int(micros) / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "a time that cannot be"
