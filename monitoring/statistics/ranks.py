"""Ranks of a sample without sorting it: how many values lie below a point, and its quantiles.

Sorting 100,000 numbers costs twenty times what counting them into small cells does, and a verdict
asks for a few dozen ranks only. One pass counts the sample into equal cells; a question then looks
at the values of those cells that it falls into, and is answered exactly: the cell of a value never
falls as the value grows, so whatever lies in a lower cell is lower.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray

_CELLS = 4096
_SORTED_BELOW = 4_000  # so few values are sorted sooner than counted
_LISTED = 1_000
_PEEK = 2_000
_AT_ONCE = 16_384
_SPOTS = np.array([0.005, 0.25, 0.5, 0.75, 0.995])


class Ranks:
    """Finite numbers in any order, with what a comparison asks of them."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.n = len(values)

    @cached_property
    def low(self) -> float:
        return float(self.values.min())

    @cached_property
    def high(self) -> float:
        return float(self.values.max())

    @cached_property
    def mean(self) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return float(self.values.mean())

    @cached_property
    def std(self) -> float:
        """The standard deviation of the values as they are (not an estimate for more of them)."""
        with np.errstate(over="ignore", invalid="ignore"):
            total = 0.0
            for part in _parts(self.n):
                away = self.values[part] - self.mean
                total += float(away @ away)
            return math.sqrt(total / self.n)

    @cached_property
    def spots(self) -> Array:
        """Lower tail, quartiles and upper tail: what contracts, pages and sentences name."""
        return self.quantiles(_SPOTS)

    @cached_property
    def zeros(self) -> int:
        """How many values are 0."""
        return self.n - int(np.count_nonzero(self.values))

    def beyond(self, low: float, high: float) -> int:
        """Return how many values lie below `low` or above `high`."""
        return int(((self.values < low) | (self.values > high)).sum())

    @cached_property
    def ordered(self) -> Array:
        """The values sorted; only what truly needs them all should ask."""
        return np.sort(self.values)

    def few(self, most: int) -> Array | None:
        """Return the different values when there are at most so many, else None."""
        if len(different(np.sort(self.values[:_PEEK]))) > most:
            return None
        found = different(self.ordered)
        return found if len(found) <= most else None

    def expect(self, points: Array) -> None:
        """Let the next question count these points as well: they will be asked about, too."""
        self._expected.append(points)

    def below(self, points: Array) -> Array:
        """Return how many values are less than each point."""
        key = points.tobytes()
        if key not in self._answers:
            asked = {key: points} | {one.tobytes(): one for one in self._expected}
            self._expected.clear()
            counts = self._below(np.concatenate(list(asked.values())))
            ends = np.cumsum([len(one) for one in asked.values()])
            self._answers |= dict(zip(asked, np.split(counts, ends[:-1]), strict=True))
        return self._answers[key]

    @cached_property
    def _expected(self) -> list[Array]:
        return []

    @cached_property
    def _answers(self) -> dict[bytes, Array]:
        return {}

    def _below(self, points: Array) -> Array:
        if "ordered" in self.__dict__ or self._cells is None:
            return np.searchsorted(self.ordered, points)
        if self._listed is not None:
            values, before = self._listed
            return before[np.searchsorted(values, points)]
        low, scale, _, _ = self._cells
        cells = np.clip((points - low) * scale, 0.0, _CELLS + 1.0).astype(np.int32)
        members, before = self._members(cells)
        return before[cells] + np.searchsorted(members, points)

    def quantiles(self, shares: Array) -> Array:
        """Return quantiles, between two neighbors in proportion, as numpy.quantile does."""
        places = np.asarray(shares) * (self.n - 1)
        lower = np.floor(places).astype(np.int64)
        upper = np.minimum(lower + 1, self.n - 1)
        first, second = self._at(np.concatenate([lower, upper])).reshape(2, -1)
        rest = places - lower
        with np.errstate(over="ignore", invalid="ignore"):
            # Where no neighbor has a part in it, an endless distance to it is no matter.
            return np.where(rest > 0, first + (second - first) * rest, first)

    def _at(self, ranks: Array) -> Array:
        if self._cells is None:
            return self.ordered[ranks]
        if self._listed is not None:
            values, before = self._listed
            return values[np.searchsorted(before, ranks, side="right") - 1]
        _, _, _, counts = self._cells
        cells = np.searchsorted(np.cumsum(counts), ranks, side="right")
        members, before = self._members(cells)
        return members[ranks - before[cells]]

    @cached_property
    def _cells(self) -> tuple[float, float, Array, Array] | None:
        """The lowest value, cells a unit, the cell of each value, and how many each cell holds."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            width = self.high - self.low if self.n > _SORTED_BELOW else 0.0
            scale = _CELLS / width if width > 0 else math.inf
        if not (math.isfinite(width) and math.isfinite(scale)) or scale == 0:
            return None
        cells = np.empty(self.n, np.int32)
        counts = np.zeros(_CELLS + 2, np.int64)
        for part in _parts(self.n):
            above = self.values[part] - self.low
            above *= scale
            cells[part] = above
            counts += np.bincount(cells[part], minlength=_CELLS + 2)
        return self.low, scale, cells, counts

    @cached_property
    def _listed(self) -> tuple[Array, Array] | None:
        """Of few different values (ages, counts): each in order, and how many are less."""
        assert self._cells is not None
        _, _, cells, counts = self._cells
        used = np.flatnonzero(counts)
        if len(used) > _LISTED:
            return None
        value = np.zeros(_CELLS + 2)
        for part in (slice(_PEEK), slice(None)):  # of many different values, the first ones tell
            value[cells[part]] = self.values[part]  # one of each cell's
            if (value.take(cells[part]) != self.values[part]).any():
                return None
        return value[used], np.concatenate([[0], np.cumsum(counts[used])])

    def _members(self, asked: Array) -> tuple[Array, Array]:
        """Return the values of these cells in order, and how many others lie before each cell."""
        assert self._cells is not None
        _, _, cells, counts = self._cells
        marked = np.zeros(_CELLS + 2, bool)
        marked[asked] = True
        others = np.where(marked, 0, counts)
        before = np.cumsum(others) - others
        if self.n - before[-1] - others[-1] > self.n // 2:  # few cells hold most: sort, once
            return self.ordered, np.zeros_like(before)
        found = [self.values[p].compress(marked.take(cells[p])) for p in _parts(self.n)]
        return np.sort(np.concatenate(found)), before


def _parts(n: int) -> Iterator[slice]:
    """Yield the parts of a long array: what is worked out of one fits in the cache.

    New memory for the whole of it, page by page, costs more than the arithmetic.
    """
    for start in range(0, n, _AT_ONCE):
        yield slice(start, start + _AT_ONCE)


def different(ordered: Array) -> Array:
    """Return the different values of a sorted array."""
    if not len(ordered):
        return ordered
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
