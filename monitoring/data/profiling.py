"""Take the profile of a table: the plain numbers that contracts are learned from and judged on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitoring.checks.profiles import ColumnProfile, TableProfile
from monitoring.checks.shapes import ColumnContract
from monitoring.data.columns import Column
from monitoring.data.readers import Frame

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def profile(
    frame: Frame,
    columns: Mapping[str, Column],
    *,
    rules: Mapping[str, ColumnContract] | None = None,
    ids: Column | None = None,
    time: Column | None = None,
    window: tuple[datetime, datetime] | None = None,
) -> TableProfile:
    """Describe the table; `rules` say beyond which values to count."""
    rows = int(frame.table.num_rows)
    before = after = 0
    times = None
    if time is not None and time.family == "time" and rows:
        moments = time.values[~time.missing]
        if len(moments):
            times = (_text(moments.min()), _text(moments.max()))
        if window:
            before = int((moments < _micros(window[0])).sum())
            after = int((moments >= _micros(window[1])).sum())
    return TableProfile(
        rows=frame.rows,
        read=rows,
        names=frame.names,
        columns={
            name: describe(column, (rules or {}).get(name)) for name, column in columns.items()
        },
        duplicate_rows=_repeats([column.values for column in columns.values()], rows),
        duplicate_ids=_repeated_ids(ids),
        before_window=before,
        after_window=after,
        times=times,
    )


def describe(column: Column, rules: ColumnContract | None = None) -> ColumnProfile:
    """Describe one column."""
    rows = len(column.values)
    nulls = int(column.missing.sum())
    if column.family == "number":
        return _numbers(column.values, rows, nulls, rules)
    if column.family in ("category", "flag", "text"):
        counts = np.bincount(column.values[~column.missing], minlength=len(column.labels))
        listed = None
        if column.family != "text":
            listed = {label: int(n) for label, n in zip(column.labels, counts, strict=True) if n}
        distinct = int((counts > 0).sum())
        return ColumnProfile(column.family, rows, nulls, distinct=distinct, counts=listed)
    return ColumnProfile(column.family, rows, nulls)


def _numbers(values: Any, rows: int, nulls: int, rules: ColumnContract | None) -> ColumnProfile:
    finite = values[np.isfinite(values)]
    infinite = rows - nulls - len(finite)
    if not len(finite):
        return ColumnProfile("number", rows, nulls, infinite)
    low, high = float(finite.min()), float(finite.max())
    magnitudes = None
    sizes = np.abs(finite[finite != 0])
    if len(sizes):
        lower, middle, upper = np.quantile(sizes, (0.25, 0.5, 0.75))
        magnitudes = (float(lower), float(middle), float(upper))
    outside = absurd = 0
    if rules:
        lowest = -np.inf if rules.low is None else rules.low
        highest = np.inf if rules.high is None else rules.high
        outside = int(((finite < lowest) | (finite > highest)).sum())
    if rules and rules.absurd is not None:
        absurd = int((np.abs(finite) > rules.absurd).sum())
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.std(finite))
    return ColumnProfile(
        "number", rows, nulls, infinite,
        low=low, high=high, spread=spread, median=float(np.median(finite)),
        magnitudes=magnitudes, sign=1 if low >= 0 else -1 if high <= 0 else None,
        outside=outside, absurd=absurd,
    )  # fmt: skip


def _repeats(arrays: list[Any], rows: int) -> int:
    """Count the rows that repeat an earlier one, by a hash over all columns."""
    if not arrays or not rows:
        return 0
    hashes = np.zeros(rows, dtype=np.uint64)
    for values in arrays:
        bits = values.astype(np.float64) if values.dtype.kind == "f" else values.astype(np.int64)
        hashes = (hashes ^ (hashes >> _SHIFT)) * _MIX + bits.view(np.uint64) * (_MIX | np.uint64(1))
        hashes ^= hashes >> _SHIFT
    return rows - len(np.unique(hashes))


def _repeated_ids(ids: Column | None) -> int:
    if ids is None:
        return 0
    present = ids.values[~ids.missing]
    return len(present) - len(np.unique(present))


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _text(micros: Any) -> str:
    try:
        return datetime.fromtimestamp(int(micros) / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "a time that cannot be"
