"""Count numbers where they are: into few different values, or into many cells of known edges.

A sample of the rows says where to put the edges, so that every cell holds about as many; all
rows are then counted into them, all columns in one pass. What comes back is exact whatever the
sample was: a cell that turned out large only leaves a score more room.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.data.held import Source
from monitoring.statistics.told import Moments, Sketch, Tally, Told, Untold

Array = Any

TALLIED = 5_000  # so many different numbers come with their counts; of more, a sketch
MOST_TALLIED = 1_000_000
CELLS = 2**14 - 64  # with the edges that ties and tails add, at most 2**14
SAMPLED = 1_000_000  # values of a column that say where its edges lie
SEED = 20_260_822
SPREAD = 0.02  # of a count of different values by HyperLogLog
_ACCURACY = 50_000
_TOGETHER = 8  # columns in one pass: their edges travel with the query
_TAILS = 24


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
        (counts,) = in_cells(where.source, [(where.sql, points)])
        return np.cumsum(counts)[:-1]

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
        ((about,),) = where.source.ask(f"select approx_count_distinct(x, {SPREAD}) from {both}")
        # They decide on a number of bins: the whole part of their binary logarithm.
        bins = {int(np.ceil(np.log2(about * share) + 1.0)) for share in (0.9, 1.1)}
        if len(bins) > 1:
            ((about,),) = where.source.ask(f"select count(distinct x) from {both}")
        return int(about)


def ahead(asked: Sequence[tuple[object, Array]]) -> None:
    """Count below all these points now, one pass a table: asked later, they are known."""
    tables: dict[str, dict[int, tuple[Sketch, list[Array]]]] = {}
    for side, points in asked:
        if isinstance(side, Sketch) and isinstance(side.where, Values):
            of_table = tables.setdefault(side.where.source.view, {})
            of_table.setdefault(id(side), (side, []))[1].append(points)
    for sides in tables.values():
        missing = [
            (side, side.where, points)
            for side, parts in sides.values()
            if len(points := side.unknown(np.concatenate(parts))) and isinstance(side.where, Values)
        ]
        for first in range(0, len(missing), _TOGETHER):
            some = missing[first : first + _TOGETHER]
            source = some[0][1].source
            counts = in_cells(source, [(where.sql, points) for _, where, points in some])
            for (side, _, points), found in zip(some, counts, strict=True):
                side.learn(points, np.cumsum(found)[:-1])


def in_cells(source: Source, columns: Sequence[tuple[str, Array]]) -> list[Array]:
    """Count numbers between points in order: below the first, from each to the next, from the last.

    Every number is looked up by halving, a layer of the query for each half: Spark makes one loop
    of them. The points come to it once, as one array in which each column has an equal part.
    """
    bits = max(1, math.ceil(math.log2(1 + max(len(points) for _, points in columns))))
    size = 1 << bits
    whole = np.full((len(columns), size), np.inf)
    whole[:, 0] = -np.inf
    for row, (_, points) in zip(whole, columns, strict=True):
        row[1 : 1 + len(points)] = points
    listed = ",".join(map(_written, whole.ravel().tolist()))
    query = f"select k * {size} as i, x from ({_stacked(source, [sql for sql, _ in columns])})"
    # As text until it is looked at: planning would go through each number of an array.
    split = "(select max(cast(split(points, ',') as array<double>)) from edges)"
    for bit in reversed(range(bits)):
        step = f"i + {1 << bit}"
        reached = f"x >= get({split}, {step})"
        query = f"select case when {reached} then {step} else i end as i, x from ({query})"
    # One row of two lists: many rows would take their time on the way here.
    ((places, found),) = source.ask(
        f"with edges as (select points from values ('{listed}') as listed(points))"
        " select collect_list(i), collect_list(n) from"
        f" (select i, count(*) as n from ({query}) group by i)"
    )
    counts = np.zeros(len(columns) * size, np.int64)
    counts[np.array(places, np.int64)] = found
    return [
        row[: 1 + len(points)]
        for row, (_, points) in zip(counts.reshape(-1, size), columns, strict=True)
    ]


def _written(point: float) -> str:
    return repr(point) if math.isfinite(point) else f"{'-' * (point < 0)}Infinity"


def _stacked(source: Source, values: Sequence[str]) -> str:
    """Return a query for all values of these columns under each other; `k` says whose."""
    both = ", ".join(f"{number}, {sql}" for number, sql in enumerate(values))
    rows = f"select stack({len(values)}, {both}) as (k, x) from {source.view}"
    return f"select k, x from ({rows}) where x is not null"


def numbers(source: Source, known: Mapping[str, Moments]) -> dict[str, Told]:
    """Describe columns of numbers, of which a first pass told how many there are and how far."""
    where = {name: Values(source, finite(source.expressions[name])) for name in known}
    found: dict[str, Told] = {}
    for part in _parts(list(known)):
        grids = _grids(source, {name: (where[name], known[name].n) for name in part})
        few = [name for name in part if grids[name][1] <= TALLIED]
        tallies = _tallies(source, [where[name] for name in few])
        found |= dict(zip(few, tallies, strict=True)) if tallies is not None else {}
        many = [name for name in part if name not in found]
        if not many:
            continue
        edges = [_edges(grids[name][0], known[name].low, known[name].high) for name in many]
        counts = in_cells(
            source, [(where[name].sql, some) for name, some in zip(many, edges, strict=True)]
        )
        for name, some, counted in zip(many, edges, counts, strict=True):
            found[name] = Sketch(
                some, counted[1:-1], known[name], holder=Holder(), where=where[name]
            )
    return found


def _parts(names: list[str]) -> list[list[str]]:
    return [names[first : first + _TOGETHER] for first in range(0, len(names), _TOGETHER)]


def finite(value: str) -> str:
    # Spark holds NaN for greater than infinity.
    return f"(case when abs({value}) < double('Infinity') then {value} end)"


def _grids(
    source: Source, wanted: Mapping[str, tuple[Values, int]]
) -> dict[str, tuple[Array, int]]:
    """Return quantiles of a sample of each column, and about how many different values it has."""
    shares = {name: min(1.0, SAMPLED / n) for name, (_, n) in wanted.items()}
    most = max(shares.values())
    listed = ",".join(f"{(step + 0.5) / CELLS:.6f}" for step in range(CELLS))
    steps = f"cast(split('{listed}', ',') as array<double>)"
    asked: list[str] = []
    for name, (where, _) in wanted.items():
        # A column with many nulls needs more rows for as many values.
        some = where.sql
        if shares[name] < most:
            some = f"(case when muster_lot < {shares[name]!r} then {some} end)"
        asked += [
            f"percentile_approx({some}, {steps}, {_ACCURACY})",
            f"approx_count_distinct({some}, {SPREAD})",
        ]
    rows = source.view
    if most < 1.0:
        rows = f"(select *, rand({SEED}) as muster_lot from {rows}) where muster_lot < {most!r}"
    (row,) = source.ask(f"select {', '.join(asked)} from {rows}")
    return {
        name: (np.array(grid or [], float), different)
        for name, grid, different in zip(wanted, row[::2], row[1::2], strict=True)
    }


def _tallies(source: Source, columns: Sequence[Values]) -> list[Tally] | None:
    """Count every different value; None when there are far more than the sample showed."""
    if not columns:
        return []
    most = MOST_TALLIED // 4
    rows = source.ask(
        f"select k, x, count(*) from ({_stacked(source, [one.sql for one in columns])})"
        f" group by k, x limit {most + 1}"
    )
    if len(rows) > most:
        return None
    return [
        _tally([(x, count) for k, x, count in rows if k == number], where)
        for number, where in enumerate(columns)
    ]


def _tally(rows: list[tuple[Any, ...]], where: Values) -> Tally:
    values, counts = (np.array(part) for part in zip(*sorted(rows), strict=True))
    return Tally(values.astype(float), counts.astype(np.int64), where)


def _edges(grid: Array, low: float, high: float) -> Array:
    """Return the edges of cells: from the least value to right above the greatest."""
    after = math.nextafter(high, math.inf)
    grid = grid[(grid > low) & (grid < high)]
    often = np.unique(grid)
    if 2 * len(often) > CELLS:
        often = grid[:-1][grid[1:] == grid[:-1]]
    tails = [low]
    if len(grid):
        # The outermost cells may reach far: there they grow with the distance.
        halves = 0.5 ** np.arange(1, _TAILS)
        tails += [grid[-1] + (high - grid[-1]) * halves, grid[0] - (grid[0] - low) * halves]
    each = np.concatenate([grid, often, np.nextafter(often, math.inf), np.hstack(tails)])
    inside = each[np.isfinite(each) & (each >= low) & (each <= high)]
    return np.unique(np.concatenate([[low, math.nextafter(low, math.inf), high, after], inside]))
