"""How far two samples of one column lie apart, by the methods that Evidently registers.

The numbers are Evidently 0.7.23's own, to 1e-9 (tests/monitoring/statistics/test_distances.py
holds each against its registered stat test); what differs is the cost. How it bins: a numeric
column whose reference has more than 20 different values gets Sturges bins over both sides
together; any other column is compared value by value; psi fills an empty bin with 0.0001, or
with a millionth of the smallest share if that is smaller.

Two deviations, told in docs/checks.md: Evidently's TVD is the p-value of a permutation test of
the total variation, ours is the distance itself; and ours takes numbers too, in the bins of psi.
"""

import math
from typing import Any

import numpy as np
from scipy import special, stats

from monitoring.statistics import told
from monitoring.statistics.ranks import Array, Ranks, different
from monitoring.statistics.told import Told

VERSION = "muster 1 = evidently 0.7.23"

_FEW = 20
_SMALLEST = 0.0001
_LEAST_SPREAD = 0.001


class NoScore(Exception):
    """The method gave no finite number for these values."""


def numeric(method: str, reference: Ranks, current: Ranks) -> float:
    """Score two samples of finite numbers."""
    try:
        return _numeric(method, reference, current)
    except told.Untold as error:
        raise NoScore(str(error)) from error


def _numeric(method: str, reference: Ranks, current: Ranks) -> float:
    with np.errstate(all="ignore"):
        if method in _OF_SAMPLES:
            return _finite(method, _OF_SAMPLES[method](reference, current))
        counts = binned(reference, current)
        return _finite(method, _OF_COUNTS[method](*counts))


def categorical(method: str, reference: Array, current: Array) -> float:
    """Score two columns of categories, given as counts over the same categories."""
    used = (reference > 0) | (current > 0)
    with np.errstate(all="ignore"):
        return _finite(method, _OF_COUNTS[method](reference[used], current[used]))


def binned(reference: Ranks, current: Ranks) -> tuple[Array, Array]:
    """Return the counts of both sides over the same bins, or over the same few values."""
    few = reference.few(_FEW)
    if few is not None:
        return _by_value(few, reference, current)
    edges = _edges(reference, current)
    return counted(reference, edges), counted(current, edges)


def _edges(reference: Ranks, current: Ranks) -> Array:
    low, high = min(reference.low, current.low), max(reference.high, current.high)
    return sturges(low, high, reference.n + current.n)


def asked(method: str, reference: Ranks, current: Ranks) -> Array:
    """Return the points below which both sides will be counted, as far as they are known yet."""
    if method in _OF_SAMPLES or reference.few(_FEW) is not None:
        return np.empty(0)
    try:
        return _edges(reference, current)[1:-1]
    except NoScore:
        return np.empty(0)


def counted(side: Ranks, edges: Array) -> Array:
    """Count a sample into bins that reach around all of it; the last one holds its upper edge."""
    below = side.below(edges[1:-1])
    return np.diff(np.concatenate([[0], below, [side.n]]))


def sturges(low: float, high: float, n: int) -> Array:
    """Return the edges of numpy's Sturges bins over so many values from low to high."""
    if low == high:
        low, high = low - 0.5, high + 0.5
        width = 0.0
    else:
        width = (high - low) / (math.log2(n) + 1.0)
    if not math.isfinite(high - low):
        raise NoScore("the values reach too far to be put into bins")
    bins = math.ceil((high - low) / width) if width else 1
    edges = np.linspace(low, high, bins + 1)
    if not (edges[:-1] < edges[1:]).all():
        raise NoScore("the values lie too close together to be put into bins")
    return edges


def _by_value(few: Array, reference: Ranks, current: Ranks) -> tuple[Array, Array]:
    if isinstance(reference, Told) and isinstance(current, Told):
        then, now = reference.tally(), current.tally()
        values = np.unique(np.concatenate([few, now.points]))
        return then.each(values), now.each(values)
    values = different(np.sort(np.concatenate([few, different(current.ordered)])))
    return tuple(
        np.searchsorted(side.ordered, values, side="right") - np.searchsorted(side.ordered, values)
        for side in (reference, current)
    )  # type: ignore[return-value]


def _finite(method: str, value: Any) -> float:
    if not np.isfinite(value):
        raise NoScore(f"{method} gave no finite number")
    return float(value)


# -- of counts over the same bins ----------------------------------------------------------------


def _psi(reference: Array, current: Array) -> Any:
    then, now = _filled(reference / reference.sum()), _filled(current / current.sum())
    return np.sum((then - now) * np.log(then / now))


def _filled(shares: Array) -> Array:
    least = shares[shares != 0].min()
    shares[shares == 0] = least / 10**6 if least <= _SMALLEST else _SMALLEST
    return shares


def _jensenshannon(reference: Array, current: Array) -> Any:
    then, now = reference / reference.sum(), current / current.sum()
    middle = (then + now) / 2.0
    both = special.rel_entr(then, middle).sum() + special.rel_entr(now, middle).sum()
    return np.sqrt(max(both, 0.0) / 2.0)


def _chisquare(reference: Array, current: Array) -> Any:
    expected = reference * (current.sum() / reference.sum())
    statistic = np.sum((current - expected) ** 2 / expected)
    return special.chdtrc(len(expected) - 1, statistic)


def _total_variation(reference: Array, current: Array) -> Any:
    return 0.5 * np.abs(reference / reference.sum() - current / current.sum()).sum()


def _hellinger(reference: Array, current: Array) -> Any:
    then, now = reference / reference.sum(), current / current.sum()
    return _apart(np.sqrt(then * now))


def _apart(shared: Array) -> float:
    # Added up one by one, as Evidently does: the root below makes 1e-8 of a rounding of 1e-16.
    return math.sqrt(1.0 - min(max(sum(shared.tolist()), 0.0), 1.0))


# -- of the values themselves --------------------------------------------------------------------


def _ks(reference: Ranks, current: Ranks) -> Any:
    if isinstance(reference, Told) and isinstance(current, Told):
        return told.ks(reference, current)
    return stats.ks_2samp(reference.ordered, current.ordered).pvalue


def _wasserstein(reference: Ranks, current: Ranks) -> Any:
    if isinstance(reference, Told) and isinstance(current, Told):
        return told.apart(reference, current) / max(reference.std, _LEAST_SPREAD)
    then, now = reference.ordered, current.ordered
    points = np.sort(np.concatenate([then, now]))
    gaps, points = np.diff(points), points[:-1]
    shares = [np.searchsorted(side, points, side="right") / len(side) for side in (then, now)]
    distance = np.sum(np.abs(shares[0] - shares[1]) * gaps)
    return distance / max(reference.std, _LEAST_SPREAD)


def _hellinger_of_numbers(reference: Ranks, current: Ranks) -> Any:
    if isinstance(reference, Told) and isinstance(current, Told):
        edges = sturges(*told.spread(reference, current))
    else:
        values = different(np.sort(np.concatenate([reference.ordered, current.ordered])))
        edges = sturges(values[0], values[-1], len(values))
    widths = np.diff(edges)
    then, now = (counted(side, edges) / widths / side.n for side in (reference, current))
    return _apart(np.sqrt(then * now) * ((edges[-1] - edges[0]) / (len(edges) - 1)))


_OF_COUNTS = {
    "psi": _psi,
    "jensenshannon": _jensenshannon,
    "chisquare": _chisquare,
    "total_variation": _total_variation,
    "hellinger": _hellinger,
}
_OF_SAMPLES = {
    "ks": _ks,
    "wasserstein": _wasserstein,
    "hellinger": _hellinger_of_numbers,
}
