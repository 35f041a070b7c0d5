"""Describe a table that is too large to come here: ask for counts and sketches in SQL.

The SQL is Spark's; who asks it is handed in. Only aggregates come back: counts, extremes, the
counts of few different values, quantiles of a sample, and counts in the cells between points.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from monitoring.checks.learning import MAX_LISTED
from monitoring.checks.profiles import ColumnProfile, TableProfile
from monitoring.checks.shapes import ColumnContract
from monitoring.data import profiling, sketched
from monitoring.data.columns import Counted
from monitoring.data.held import Source
from monitoring.data.pairs import OTHER
from monitoring.data.sketched import SPREAD
from monitoring.statistics.told import Moments

Array = Any

HASHED = 5_000_000  # rows that are looked at for repeats; of more, a part chosen by the hash
_LISTED = 1_000
_GROUPED = 100_000  # different texts; more are not told apart at all
_TOGETHER = 5  # columns in one pass: Java compiles a longer loop no more


@dataclass(frozen=True)
class Table:
    """What is known of a table: its rows and every wanted column."""

    source: Source
    rows: int
    columns: dict[str, Counted]
    times: dict[str, tuple[int, int]]


def describe(source: Source, *, ids: str = "") -> Table:
    """Describe every wanted column but that of the ids in a few passes over all of them.

    1. What is missing, how far the values reach, their mean and spread.
    2. Of numbers a sample, which tells few different values from many, and where edges belong.
    3. Of few different values, each one's count; of many numbers, the count in each cell.
    """
    # One a row: nothing but its repeats is looked at.
    families = {name: family for name, family in source.families.items() if name != ids}
    rows, told = _first(source, families)
    numbers = sketched.numbers(
        source,
        {
            name: Moments(int(n), low, high, mean, std, int(zeros))
            for name, (_, n, low, high, mean, std, zeros) in _of(told, families, "number")
            if n
        },
    )
    texts = _texts(source, rows, dict(_of(told, families, "text")))
    columns, times = {}, {}
    for name, family in families.items():
        found = told[name]
        if family == "number":
            columns[name] = Counted("number", rows, int(found[0]), told=numbers.get(name))
        elif family == "text":
            columns[name] = texts[name]
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


def _first(source: Source, families: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Return the number of rows, and what one pass tells of each column."""
    told: dict[str, Any] = dict.fromkeys(families, ())
    asked = [name for name, family in families.items() if family in _FIRST]
    rows = None
    for start in range(0, max(1, len(asked)), _TOGETHER):
        parts, places = ["count(*)"], {}
        for name in asked[start : start + _TOGETHER]:
            mine = _FIRST[families[name]](source.expressions[name])
            places[name] = slice(len(parts), len(parts) + len(mine))
            parts += mine
        (row,) = source.select(*parts)
        rows = int(row[0])
        told |= {name: row[place] for name, place in places.items()}
    assert rows is not None
    return rows, told


def _of(
    told: Mapping[str, Any], families: Mapping[str, str], family: str
) -> list[tuple[str, tuple[Any, ...]]]:
    return [(name, told[name]) for name, one in families.items() if one == family]


def _first_of_numbers(value: str) -> list[str]:
    finite = sketched.finite(value)
    return [
        f"count_if({value} is null or isnan({value}))", f"count({finite})", f"min({finite})",
        f"max({finite})", f"avg({finite})", f"stddev_pop({finite})", f"count_if({finite} = 0)",
    ]  # fmt: skip


_FIRST: dict[str, Callable[[str], list[str]]] = {
    "number": _first_of_numbers,
    "text": lambda value: [f"count({value})"],
    "flag": lambda value: [f"count({value})", f"count_if({value})"],
    "time": lambda value: [f"count({value})", f"min({value})", f"max({value})"],
}


def _texts(source: Source, rows: int, told: Mapping[str, tuple[Any, ...]]) -> dict[str, Counted]:
    """Count the more frequent texts of each column, and about how many different ones it has."""
    if not told:
        return {}
    # Apart from the first pass: beside these Java would compile nothing of it.
    (row,) = source.select(
        *(f"approx_count_distinct({source.expressions[name]}, {SPREAD})" for name in told)
    )
    different = dict(zip(told, map(int, row), strict=True))
    listed = _listed(source, [name for name in told if different[name] <= _GROUPED])
    return {
        name: _text(listed.get(name), rows, present=present, different=different[name])
        for name, (present,) in told.items()
    }


def _listed(source: Source, names: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Return the most frequent texts of these columns with their counts, in one pass."""
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
    if not names:
        return found
    both = ", ".join(f"{number}, {source.expressions[name]}" for number, name in enumerate(names))
    rows = source.ask(
        "select k, x, n from ("
        "select k, x, n, row_number() over (partition by k order by n desc, x) as place from ("
        f"select k, x, count(*) as n from"
        f" (select stack({len(names)}, {both}) as (k, x) from {source.view})"
        f" where x is not null group by k, x)) where place <= {_LISTED + 1} order by k, place"
    )
    for number, text, count in rows:
        found[names[number]].append((str(text), int(count)))
    return found


def _text(
    counted: list[tuple[str, int]] | None, rows: int, *, present: int, different: int
) -> Counted:
    if counted is None:
        return Counted("text", rows, rows - present, (OTHER,), np.array([present]), different)
    if len(counted) <= MAX_LISTED:
        family, different = "category", len(counted)
    else:
        family, different = "text", max(different, len(counted))
        if len(counted) <= _LISTED:
            different = len(counted)
    counted = counted[:_LISTED]
    rest = present - sum(count for _, count in counted)
    labels = [label for label, _ in counted] + [OTHER] * bool(rest)
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
