"""Samples that are known by counts, because they are too large to come here value by value.

Two kinds, both with what `Ranks` answers of an array: a `Tally` knows how often each different
value occurs, and is exact; a `Sketch` knows exactly how many values lie in each of many small
cells, and takes them for evenly spread within one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from monitoring.statistics.ranks import Array, Ranks


class Untold(Exception):
    """What is known of the values does not answer the question."""


class Told(Ranks, ABC):
    """Numbers of which the values are elsewhere."""

    marks: Array  # in order; of these the share below is known exactly
    where: object = None  # names the values to whoever holds them
    sway = 0.0  # the most that the area under the cumulative shares may be off

    def __init__(self, n: int, low: float, high: float, mean: float, std: float) -> None:
        self.n = n
        self.low, self.high, self.mean, self.std = low, high, mean, std

    def beyond(self, low: float, high: float) -> int:
        below, up_to = self.below(np.array([low, np.nextafter(high, np.inf)]))
        return int(below) + self.n - int(up_to)

    def expect(self, points: Array) -> None:
        """Nothing is gained here: what will be asked is counted for all columns together."""

    @abstractmethod
    def share_below(self, points: Array) -> Array:
        """Return the share of values that are less than each point."""

    def slack(self, points: Array, *, right: bool = False) -> Array:
        """Return how far that share may be off at each point, or to the `right` of it."""
        return np.zeros(len(points))

    @abstractmethod
    def tally(self) -> "Tally":
        """Return every different value; raise Untold when they are too many."""


class Tally(Told):
    """The different values and how often each occurs."""

    def __init__(self, values: Array, counts: Array, where: object = None) -> None:
        n = int(counts.sum())
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values @ counts / n)
            std = float(np.sqrt((values - mean) ** 2 @ counts / n))
        super().__init__(n, float(values[0]), float(values[-1]), mean, std)
        self.points, self.where = values, where
        self.marks = np.unique(np.concatenate([values, np.nextafter(values, np.inf)]))
        self.zeros = int(counts[values == 0].sum())
        self._sums = np.concatenate([[0], np.cumsum(counts)])

    def few(self, most: int) -> Array | None:
        return self.points if len(self.points) <= most else None

    def below(self, points: Array) -> Array:
        return self._sums[np.searchsorted(self.points, points)]

    def share_below(self, points: Array) -> Array:
        return self.below(points) / self.n

    def each(self, values: Array) -> Array:
        """Return how often each of these values occurs."""
        return self.below(np.nextafter(values, np.inf)) - self.below(values)

    def tally(self) -> "Tally":
        return self

    def _at(self, ranks: Array) -> Array:
        return self.points[np.searchsorted(self._sums[1:], ranks, side="right")]


class Holder(Protocol):
    """Where the values of a sketch are."""

    def below(self, where: object, points: Array) -> Array: ...
    def tally(self, where: object) -> Tally: ...
    def different(self, where: object, other: object) -> int: ...


@dataclass(frozen=True)
class Moments:
    """What one pass over the values tells of them."""

    n: int
    low: float
    high: float
    mean: float
    std: float
    zeros: int


class Sketch(Told):
    """How many values lie in each of many cells, from one edge up to the next.

    The first edge is the least value and the last one lies right above the greatest. A value that
    occurs very often has a cell to itself: no other number fits in.
    """

    def __init__(
        self, edges: Array, counts: Array, known: Moments, *, holder: Holder, where: object
    ) -> None:
        super().__init__(known.n, known.low, known.high, known.mean, known.std)
        self.marks, self.zeros, self.where = edges, known.zeros, where
        self.holder = holder
        self._counts = counts
        self._sums = np.concatenate([[0], np.cumsum(counts)])
        self._sole = np.nextafter(edges[:-1], np.inf) == edges[1:]
        self._loose = np.where(self._sole, 0, counts) / self.n
        # How far the share below any point may be off.
        self.error = float(self._loose.max())
        with np.errstate(over="ignore"):
            areas = np.where(self._loose > 0, np.diff(edges), 0.0) * self._loose
        self.sway = float(0.5 * areas.sum())
        self._counted = dict(zip(edges.tolist(), self._sums.tolist(), strict=True))

    def few(self, most: int) -> Array | None:
        return None  # a column of few values is a tally

    def unknown(self, points: Array) -> Array:
        """Return those of the points below which nobody has counted yet."""
        asked = np.unique(points)
        asked = asked[(asked > self.low) & (asked <= self.high)]
        return np.array([point for point in asked.tolist() if point not in self._counted])

    def learn(self, points: Array, counts: Iterable[int]) -> None:
        """Keep how many values lie below these points."""
        self._counted |= zip(points.tolist(), map(int, counts), strict=True)

    def below(self, points: Array) -> Array:
        missing = self.unknown(points)
        if len(missing):
            self.learn(missing, self.holder.below(self.where, missing))
        return np.array(
            [
                0 if point <= self.low else self.n if point > self.high else self._counted[point]
                for point in np.asarray(points).tolist()
            ],
            np.int64,
        )

    def share_below(self, points: Array) -> Array:
        return np.interp(points, self.marks, self._sums) / self.n

    def slack(self, points: Array, *, right: bool = False) -> Array:
        cells = np.searchsorted(self.marks, points, side="right") - 1
        inside = (cells >= 0) & (cells < len(self._loose))
        found = np.where(inside, self._loose[np.clip(cells, 0, len(self._loose) - 1)], 0.0)
        return found if right else np.where(self.marks[cells] == points, 0.0, found)

    def quantiles(self, shares: Array) -> Array:
        places = np.asarray(shares) * (self.n - 1) + 0.5
        cells = np.searchsorted(self._sums, places, side="right") - 1
        part = np.where(self._sole[cells], 0.0, (places - self._sums[cells]) / self._counts[cells])
        found = self.marks[cells] * (1.0 - part) + self.marks[cells + 1] * part
        return np.clip(found, self.low, self.high)

    def tally(self) -> Tally:
        return self.holder.tally(self.where)


def gap(reference: Told, current: Told) -> float:
    """Return the largest difference of the cumulative shares."""
    return float(np.abs(_between(reference, current)[1]).max())


def chance(distance: float, reference: Told, current: Told) -> float:
    """Return the p-value of the two-sided KS test, as for large samples."""
    rows = reference.n * current.n / (reference.n + current.n)
    return float(np.clip(stats.kstwo.sf(distance, np.round(rows)), 0.0, 1.0))


def ks(reference: Told, current: Told) -> float:
    """Return the p-value of the two-sided KS test."""
    return chance(gap(reference, current), reference, current)


def apart(reference: Told, current: Told) -> float:
    """Return the Wasserstein distance, in the unit of the values."""
    points, away = _between(reference, current)
    first, last = away[:-1], away[1:]
    height = (np.abs(first) + np.abs(last)) / 2.0
    crossing = first * last < 0  # two triangles
    both = np.where(crossing, np.abs(first) + np.abs(last), 1.0)
    height = np.where(crossing, (first * first + last * last) / (2.0 * both), height)
    return float(np.sum(height * np.diff(points)))


def _between(reference: Told, current: Told) -> tuple[Array, Array]:
    """Return all marks, and the difference of the shares below them: a line from each to each."""
    points = np.unique(np.concatenate([reference.marks, current.marks]))
    return points, reference.share_below(points) - current.share_below(points)


def spread(reference: Told, current: Told) -> tuple[float, float, int]:
    """Return the least and the greatest value, and how many different ones there are."""
    low, high = min(reference.low, current.low), max(reference.high, current.high)
    for side, other in ((reference, current), (current, reference)):
        if isinstance(side, Sketch):
            return low, high, side.holder.different(side.where, other.where)
    assert isinstance(reference, Tally) and isinstance(current, Tally)
    return low, high, len(np.unique(np.concatenate([reference.points, current.points])))


def room(method: str, reference: Ranks, current: Ranks, value: float) -> tuple[float, float]:
    """Return between which scores the true one lies; only sketches leave any room."""
    if not (isinstance(reference, Told) and isinstance(current, Told)):
        return value, value
    if method == "ks":
        least, most = _reach(reference, current)
        if least < most:
            return chance(most, reference, current), chance(least, reference, current)
    sway = reference.sway + current.sway
    if method == "wasserstein" and sway:
        reach = sway / max(reference.std, 0.001)
        return max(0.0, value - reach), value + reach
    return value, value


def _reach(reference: Told, current: Told) -> tuple[float, float]:
    """Return between which bounds the largest difference of the cumulative shares lies."""
    points, away = _between(reference, current)
    away = np.abs(away)
    at, after = (
        reference.slack(points, right=right) + current.slack(points, right=right)
        for right in (False, True)
    )
    # Two neighbors lie in the same cells, and between them nothing else is known.
    highest = np.maximum(away[:-1], away[1:]) + after[:-1]
    return float((away - at).max()), float(max(away.max(), min(1.0, highest.max())))
