"""Estimate a classifier's metrics before the labels are there, from its own confidence.

The scores are first made honest on the reference, whose labels are known (isotonic regression).
Each row then counts as positive by its probability and as negative by the rest, and the metric
is taken over those weighted rows. That is right as long as scores mean what they meant in the
reference: a change of the relation itself, concept drift, cannot be seen this way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

VERSION = "muster 1"
_FEWEST = 200  # rows of the reference, and of a stretch of it that is tried out
_TRIED = 8
_LEARNED = 0.6  # of the reference, when the rest shows how far such an estimate is off

# Metric from truth, answer and weights; None where it cannot be computed.
Weighted = Callable[[Any, Any, Any], float | None]


class NoEstimate(Exception):
    """The reference does not let the scores be made honest."""


@dataclass(frozen=True)
class Calibrated:
    """What a score meant in the reference: a line through places and probabilities."""

    places: Any
    chances: Any

    def __call__(self, scores: Any) -> Any:
        return np.interp(scores, self.places, self.chances)


def calibrate(scores: Any, truth: Any) -> Calibrated:
    """Learn what scores mean from rows whose outcome is known."""
    if len(scores) < _FEWEST:
        raise NoEstimate(f"the reference has {len(scores):,} labeled scores; {_FEWEST} are needed")
    if len(np.unique(truth)) < 2:
        raise NoEstimate("all labels of the reference are the same")
    places, where, rows = np.unique(scores, return_inverse=True, return_counts=True)
    rates = np.bincount(where, weights=truth) / rows
    return Calibrated(places, isotonic_regression(rates, weights=rows).x)


def expected(metric: Weighted, chances: Any, answer: Any) -> float | None:
    """Return what the metric will be if the probabilities are right."""
    ones, zeros = np.ones(len(chances), int), np.zeros(len(chances), int)
    return metric(
        np.concatenate([ones, zeros]),
        np.concatenate([answer, answer]),
        np.concatenate([chances, 1 - chances]),
    )


@dataclass(frozen=True)
class Tried:
    """How far such estimates were off on later stretches of the reference."""

    error: float | None
    stretches: int


def try_out(metric: Weighted, scores: Any, truth: Any, answer: Any, *, rows: int) -> Tried:
    """Estimate stretches of the reference that were not learned from; rows come in time order."""
    first = int(len(scores) * _LEARNED)
    # As large as a window, but small enough that there are several to learn an error from.
    size = max(_FEWEST, min(rows, (len(scores) - first) // 4))
    starts = range(first, len(scores) - size + 1, size)[:_TRIED]
    try:
        learned = calibrate(scores[:first], truth[:first])
    except NoEstimate:
        return Tried(None, 0)
    off = []
    for start in starts:
        part = slice(start, start + size)
        said = expected(metric, learned(scores[part]), answer[part])
        came = metric(truth[part], answer[part], np.ones(size))
        if said is not None and came is not None:
            off.append(abs(said - came))
    return Tried(float(np.mean(off)) if off else None, len(off))
