"""Samples that are known by counts, because they are too large to come here value by value.

Two kinds, both with what `Ranks` answers of an array: a `Tally` knows how often each different
value occurs, and is exact; a `Sketch` knows the values at evenly spaced ranks, each off by a
bounded share of all values, and has exact counts taken where the values are.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from monitoring.statistics.ranks import Array, Ranks


class Untold(Exception):
    """What is known of the values does not answer the question."""


class Told(Ranks, ABC):
    """Numbers of which the values are elsewhere."""

    # How far, as a share of all values, the rank of a told value may be from the true one.
    error = 0.0
    points: Array  # some or all values, in order
    shares: Array  # of all values, what each of them stands for
    where: object = None  # names the values to whoever holds them

    def __init__(self, n: int, low: float, high: float, mean: float, std: float) -> None:
        self.n = n
        self.low, self.high, self.mean, self.std = low, high, mean, std

    def beyond(self, low: float, high: float) -> int:
        below, up_to = self.below(np.array([low, np.nextafter(high, np.inf)]))
        return int(below) + self.n - int(up_to)

    def share_up_to(self, points: Array) -> Array:
        """Return the share of values that are at most each point."""
        whole = np.concatenate([[0.0], np.cumsum(self.shares)])
        return whole[np.searchsorted(self.points, points, side="right")]

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
        self.points, self.shares, self.where = values, counts / n, where
        self.zeros = int(counts[values == 0].sum())
        self._sums = np.concatenate([[0], np.cumsum(counts)])

    def few(self, most: int) -> Array | None:
        return self.points if len(self.points) <= most else None

    def below(self, points: Array) -> Array:
        return self._sums[np.searchsorted(self.points, points)]

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
    """The values at the middle of equal steps of rank, as their holder sketched them."""

    def __init__(
        self, grid: Array, known: Moments, *, error: float, holder: Holder, where: object
    ) -> None:
        super().__init__(known.n, known.low, known.high, known.mean, known.std)
        self.points, self.zeros, self.where = grid, known.zeros, where
        self.shares = np.full(len(grid), 1.0 / len(grid))
        self.error = error + 0.5 / len(grid)
        self.holder = holder
        self._counted: dict[bytes, Array] = {}

    def few(self, most: int) -> Array | None:
        return None  # a column of few values is a tally

    def below(self, points: Array) -> Array:
        key = np.asarray(points).tobytes()
        if key not in self._counted:
            self._counted[key] = self.holder.below(self.where, points)
        return self._counted[key]

    def quantiles(self, shares: Array) -> Array:
        steps = (np.arange(len(self.points)) + 0.5) / len(self.points)
        reach = np.concatenate([[self.low], self.points, [self.high]])
        return np.interp(shares, np.concatenate([[0.0], steps, [1.0]]), reach)

    def tally(self) -> Tally:
        return self.holder.tally(self.where)


def gap(reference: Told, current: Told) -> float:
    """Return the largest difference of the cumulative shares."""
    points = np.concatenate([reference.points, current.points])
    return float(np.abs(reference.share_up_to(points) - current.share_up_to(points)).max())


def chance(distance: float, reference: Told, current: Told) -> float:
    """Return the p-value of the two-sided KS test, as for large samples."""
    rows = reference.n * current.n / (reference.n + current.n)
    return float(np.clip(stats.kstwo.sf(distance, np.round(rows)), 0.0, 1.0))


def ks(reference: Told, current: Told) -> float:
    """Return the p-value of the two-sided KS test."""
    return chance(gap(reference, current), reference, current)


def apart(reference: Told, current: Told) -> float:
    """Return the Wasserstein distance, in the unit of the values."""
    points = np.unique(np.concatenate([reference.points, current.points]))
    shares = [side.share_up_to(points[:-1]) for side in (reference, current)]
    return float(np.sum(np.abs(shares[0] - shares[1]) * np.diff(points)))


def spread(reference: Told, current: Told) -> tuple[float, float, int]:
    """Return the least and the greatest value, and how many different ones there are."""
    low, high = min(reference.low, current.low), max(reference.high, current.high)
    for side, other in ((reference, current), (current, reference)):
        if isinstance(side, Sketch):
            return low, high, side.holder.different(side.where, other.where)
    return low, high, len(np.unique(np.concatenate([reference.points, current.points])))


def room(method: str, reference: Ranks, current: Ranks, value: float) -> tuple[float, float]:
    """Return between which scores the true one lies; only sketches leave any room."""
    if not (isinstance(reference, Told) and isinstance(current, Told)):
        return value, value
    error = reference.error + current.error
    if not error or method not in ("ks", "wasserstein"):
        return value, value
    if method == "ks":
        distance = gap(reference, current)
        least, most = max(0.0, distance - error), min(1.0, distance + error)
        return chance(most, reference, current), chance(least, reference, current)
    reach = sum(side.error * _width(side) for side in (reference, current))
    reach /= max(reference.std, 0.001)
    return max(0.0, value - reach), value + reach


def _width(side: Told) -> float:
    """Twice the reach: a step may be off by its own width and by that of the sketch."""
    return 2.0 * (side.high - side.low) if side.error else 0.0
