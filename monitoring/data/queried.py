"""Describe a table that is too large to come here: ask for counts and sketches in SQL.

The SQL is Spark's; who asks it is handed in. Only aggregates come back: counts, extremes, the
counts of few different values, quantile sketches, and counts below given points.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from monitoring.checks.learning import MAX_LISTED
from monitoring.checks.profiles import ColumnProfile, TableProfile
from monitoring.checks.shapes import ColumnContract
from monitoring.data import profiling
from monitoring.data.columns import Counted
from monitoring.data.held import Source
from monitoring.data.pairs import OTHER
from monitoring.statistics.told import Moments, Sketch, Tally, Told, Untold

Array = Any

TALLIED = 5_000  # so many different numbers come with their counts; of more, a sketch
MOST_TALLIED = 1_000_000
STEPS = 10_000
ACCURACY = 50_000
SKETCH_ERROR = 1.0 / ACCURACY
HASHED = 5_000_000  # rows that are looked at for repeats; of more, a part chosen by the hash
_LISTED = 1_000
_GROUPED = 100_000  # different texts; more are not told apart at all
_SPREAD = 0.02  # of a count of different values by HyperLogLog
_TOGETHER = 16  # sketches in one pass
_BETWEEN = "cast(split('{}', ',') as array<double>)".format(
    ",".join(f"{(step + 0.5) / STEPS:.5f}" for step in range(STEPS))
)


@dataclass(frozen=True)
class Values:
    """The finite numbers of one column, as its holder names them."""

    source: Source
    sql: str

    @property
    def query(self) -> str:
        return f"select {self.sql} as x from {self.source.view} where {self.sql} is not null"


class Holder:
    """Answers what a sketch cannot: exactly, where the values are."""

    def below(self, where: object, points: Array) -> Array:
        """Count the values below each point in one pass."""
        assert isinstance(where, Values)
        order = np.sort(np.unique(points))
        place = _bisected("x", [repr(float(point)) + "D" for point in order])
        rows = where.source.ask(f"select {place}, count(*) from ({where.query}) group by 1")
        counts = np.zeros(len(order) + 1, np.int64)
        for number, count in rows:
            counts[number] = count
        return np.cumsum(counts)[np.searchsorted(order, points)]

    def tally(self, where: object) -> Tally:
        """Return every different value with its count."""
        assert isinstance(where, Values)
        rows = where.source.ask(
            f"select x, count(*) from ({where.query}) group by 1 limit {MOST_TALLIED + 1}"
        )
        if len(rows) > MOST_TALLIED:
            raise Untold(
                "one side has few different values and the other more than"
                f" {MOST_TALLIED:,}, so they cannot be compared value by value; use ks"
            )
        return _tally(rows, where)

    def different(self, where: object, other: object) -> int:
        """Return how many different values both have: exactly as far as it makes a difference."""
        assert isinstance(where, Values) and isinstance(other, Values)
        both = f"({where.query} union all {other.query})"
        ((about,),) = where.source.ask(f"select approx_count_distinct(x, {_SPREAD}) from {both}")
        # They decide on a number of bins: the whole part of their binary logarithm.
        bins = {int(np.ceil(np.log2(about * share) + 1.0)) for share in (0.9, 1.1)}
        if len(bins) > 1:
            ((about,),) = where.source.ask(f"select count(distinct x) from {both}")
        return int(about)


def _bisected(name: str, points: Sequence[str], first: int = 0) -> str:
    """Return SQL for how many points are at most `name`, by halving."""
    if not points:
        return str(first)
    middle = len(points) // 2
    lower = _bisected(name, points[:middle], first)
    upper = _bisected(name, points[middle + 1 :], first + middle + 1)
    return f"(case when {name} < {points[middle]} then {lower} else {upper} end)"


def _tally(rows: list[tuple[Any, ...]], where: Values) -> Tally:
    values, counts = (np.array(part) for part in zip(*sorted(rows), strict=True))
    return Tally(values.astype(float), counts.astype(np.int64), where)


@dataclass(frozen=True)
class Table:
    """What is known of a table: its rows and every wanted column."""

    source: Source
    rows: int
    columns: dict[str, Counted]
    times: dict[str, tuple[int, int]]


def describe(source: Source, *, ids: str = "") -> Table:
    """Describe every wanted column but that of the ids in a few passes.

    1. One pass counts what is missing, how far the values reach, and about how many differ.
    2. Of few different values, each one's count; of many numbers, a sketch.
    """
    parts, places = ["count(*)"], {}
    # One a row: nothing but its repeats is looked at.
    families = {name: family for name, family in source.families.items() if name != ids}
    for name, family in families.items():
        asked = _FIRST[family](source.expressions[name]) if family in _FIRST else []
        places[name] = slice(len(parts), len(parts) + len(asked))
        parts += asked
    (row,) = source.select(*parts)
    rows = int(row[0])
    told = {name: row[place] for name, place in places.items()}
    numbers = _numbers(source, {n: told[n] for n, f in families.items() if f == "number"})
    columns, times = {}, {}
    for name, family in families.items():
        found = told[name]
        if family == "number":
            columns[name] = Counted("number", rows, int(found[0]), told=numbers.get(name))
        elif family == "text":
            columns[name] = _texts(source, name, rows, present=found[0], different=found[1])
        elif family == "flag":
            counts = np.array([found[0] - found[1], found[1]], np.int64)
            columns[name] = Counted(
                "flag", rows, rows - found[0], ("false", "true"), counts, int((counts > 0).sum())
            )
        elif family == "time":
            columns[name] = Counted("time", rows, rows - found[0])
            if found[0]:
                times[name] = (int(found[1]), int(found[2]))
        else:
            columns[name] = Counted(family, rows, rows if family == "empty" else 0)
    return Table(source, rows, columns, times)


def _first_of_numbers(value: str) -> list[str]:
    finite = _finite(value)
    return [
        f"count_if({value} is null or isnan({value}))", f"count({finite})", f"min({finite})",
        f"max({finite})", f"avg({finite})", f"stddev_pop({finite})", f"count_if({finite} = 0)",
        f"approx_count_distinct({finite}, {_SPREAD})",
    ]  # fmt: skip


_FIRST: dict[str, Callable[[str], list[str]]] = {
    "number": _first_of_numbers,
    "text": lambda value: [f"count({value})", f"approx_count_distinct({value}, {_SPREAD})"],
    "flag": lambda value: [f"count({value})", f"count_if({value})"],
    "time": lambda value: [f"count({value})", f"min({value})", f"max({value})"],
}


def _finite(value: str) -> str:
    # Spark holds NaN for greater than infinity.
    return f"(case when abs({value}) < double('Infinity') then {value} end)"


def _numbers(source: Source, told: Mapping[str, tuple[Any, ...]]) -> dict[str, Told]:
    found: dict[str, Told] = {}
    many: list[str] = []
    for name, (_, n, *_rest, different) in told.items():
        if n and different > TALLIED:
            many.append(name)
        elif n:
            where = Values(source, _finite(source.expressions[name]))
            found[name] = _tally(
                source.ask(f"select x, count(*) from ({where.query}) group by 1"), where
            )
    for first in range(0, len(many), _TOGETHER):
        names = many[first : first + _TOGETHER]
        finite = {name: _finite(source.expressions[name]) for name in names}
        (grids,) = source.select(
            *(f"percentile_approx({finite[name]}, {_BETWEEN}, {ACCURACY})" for name in names)
        )
        for name, grid in zip(names, grids, strict=True):
            _, n, low, high, mean, std, zeros, _ = told[name]
            found[name] = Sketch(
                np.array(grid, float),
                Moments(int(n), low, high, mean, std, int(zeros)),
                error=SKETCH_ERROR, holder=Holder(), where=Values(source, finite[name]),
            )  # fmt: skip
    return found


def _texts(source: Source, name: str, rows: int, *, present: int, different: int) -> Counted:
    if different > _GROUPED:
        return Counted("text", rows, rows - present, (OTHER,), np.array([present]), different)
    value = source.expressions[name]
    counted = source.select(
        value, "count(*) as n",
        rest=f"where {value} is not null group by 1 order by n desc, 1 limit {_LISTED + 1}",
    )  # fmt: skip
    if len(counted) <= MAX_LISTED:
        family, different = "category", len(counted)
    else:
        family, different = "text", max(different, len(counted))
        if len(counted) <= _LISTED:
            different = len(counted)
    counted = counted[:_LISTED]
    rest = present - sum(count for _, count in counted)
    labels = [str(label) for label, _ in counted] + [OTHER] * bool(rest)
    counts = np.array([count for _, count in counted] + [rest] * bool(rest), np.int64)
    return Counted(family, rows, rows - present, tuple(labels), counts, different)


def profile(
    table: Table,
    *,
    rules: Mapping[str, ColumnContract],
    aside: Collection[str],
    ids: str = "",
    time: str = "",
    window: tuple[datetime, datetime] | None = None,
) -> TableProfile:
    """Take the profile that contracts are judged on."""
    source, rows = table.source, table.rows
    judged = {name: column for name, column in table.columns.items() if name not in aside}
    before = after = 0
    times = table.times.get(time)
    if times and window:
        start, end = (profiling.micros(moment) for moment in window)
        value = source.expressions[time]
        ((before, after),) = source.select(
            f"count_if({value} < {start})", f"count_if({value} >= {end})"
        )
    whole = [source.expressions[name] for name in judged if name in source.expressions]
    return TableProfile(
        rows=rows,
        read=rows,
        names=source.names,
        columns={name: _described(table, name, rules.get(name)) for name in judged},
        duplicate_rows=_repeats(source, rows, whole),
        duplicate_ids=_repeats(source, rows, [source.expressions[ids]], present=True)
        if ids in source.expressions
        else 0,
        before_window=before,
        after_window=after,
        times=(profiling.text(times[0]), profiling.text(times[1])) if times else None,
    )


def _described(table: Table, name: str, rules: ColumnContract | None) -> ColumnProfile:
    column = table.columns[name]
    most = rules.max_distinct if rules else None
    if column.family == "text" and most and 0.8 < column.distinct / most < 1.25:
        # Too near to the limit for an estimate.
        value = table.source.expressions[name]
        ((exact,),) = table.source.select(f"count(distinct {value})")
        column = Counted("text", column.rows, column.nulls, (), np.empty(0), int(exact))
    return profiling.describe(column, rules)


def _repeats(source: Source, rows: int, values: list[str], *, present: bool = False) -> int:
    """Count the rows that repeat an earlier one; of very many, in a part chosen by their hash."""
    if not values or not rows:
        return 0
    part = -(-rows // HASHED)
    # A hash leaves nulls out, so that (null, 1) and (1, null) would look alike.
    hashed = f"xxhash64({', '.join([*values, *(f'{value} is null' for value in values)])})"
    only = f"where {values[0]} is not null" if present else ""
    some = f"where pmod(h, {part}) = 0" if part > 1 else ""
    ((looked, different),) = source.ask(
        f"select count(*), count(distinct h) from"
        f" (select {hashed} as h from {source.view} {only}) {some}"
    )
    return int((looked - different) * part)
