"""How far a column has moved, beside how sure one can be of it.

The unit follows the method: for `ks` the largest difference of the cumulative shares, for
categories the total variation (both from 0 to 1); for the other methods of numbers the difference
of the means in pooled standard deviations.
"""

import math

import numpy as np

from monitoring.statistics import distances, told
from monitoring.statistics.ranks import Array, Ranks


def of_numbers(method: str, reference: Ranks, current: Ranks) -> float | None:
    """Return the effect in a column of numbers; None where it has no finite size."""
    found = _gap(reference, current) if method == "ks" else _shift(reference, current)
    return found if math.isfinite(found) else None


def of_categories(reference: Array, current: Array) -> float:
    """Return the total variation of two rows of counts."""
    return distances.categorical("total_variation", reference, current)


def _gap(reference: Ranks, current: Ranks) -> float:
    if isinstance(reference, told.Told) and isinstance(current, told.Told):
        return told.gap(reference, current)
    points = np.concatenate([reference.ordered, current.ordered])
    then, now = (
        np.searchsorted(side.ordered, points, side="right") / side.n
        for side in (reference, current)
    )
    return float(np.abs(then - now).max())


def _shift(reference: Ranks, current: Ranks) -> float:
    rows = reference.n + current.n
    with np.errstate(over="ignore", invalid="ignore"):
        squares = sum(side.n * side.std * side.std for side in (reference, current))
        variance = squares / rows
        apart = abs(current.mean - reference.mean)
    if variance > 0:
        return apart / math.sqrt(variance)
    return 0.0 if apart == 0 else math.inf
