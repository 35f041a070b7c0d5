"""How far answers are from what came true, where scikit-learn has no such figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np

VERSION = "muster 1"
_BINS = 10


def brier(truth: Any, chance: Any) -> float:
    """Return the mean squared distance of a probability from what came true."""
    return float(np.mean((chance - truth) ** 2))


def calibration(truth: Any, chance: Any) -> float:
    """Return the expected calibration error over ten bins of equal width.

    In each bin the mean probability is held against how often it came true; bins count by rows.
    """
    places = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    rows = np.bincount(places, minlength=_BINS)
    said = np.bincount(places, weights=chance, minlength=_BINS)
    came = np.bincount(places, weights=truth, minlength=_BINS)
    return float(np.abs(said - came).sum() / rows.sum())


def fbeta(truth: Any, answer: Any, beta: float, weights: Any = None) -> float:
    """Return the F score in which recall counts `beta` times as much as precision."""
    w = np.ones(len(truth)) if weights is None else weights
    tp = float((w * (truth * answer)).sum())
    missed, false = float((w * truth).sum()) - tp, float((w * answer).sum()) - tp
    below = (1 + beta**2) * tp + beta**2 * missed + false
    return (1 + beta**2) * tp / below if below else 0.0


def cost(truth: Any, answer: Any, costs: Mapping[str, float]) -> float:
    """Return what a row costs on average."""
    rows = {
        "tp": (truth == 1) & (answer == 1), "fp": (truth == 0) & (answer == 1),
        "fn": (truth == 1) & (answer == 0), "tn": (truth == 0) & (answer == 0),
    }  # fmt: skip
    return float(sum(costs[name] * found.sum() for name, found in rows.items()) / len(truth))


def naive_error(values: Any, times: Any, series: Any, season: int) -> float | None:
    """Return the mean error of saying again what was a season ago, series by series.

    Of several rows for one time of a series the last counts; None where no series is long enough.
    """
    order = np.lexsort((times, series))
    values, times, series = values[order], times[order], series[order]
    last = np.append((times[1:] != times[:-1]) | (series[1:] != series[:-1]), True)
    values, series = values[last], series[last]
    same = series[season:] == series[:-season]
    if not same.any():
        return None
    return float(np.abs(values[season:] - values[:-season])[same].mean())
