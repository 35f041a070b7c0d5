"""Drift of many columns at once: what no column shows alone, such as a correlation that is gone."""

import math
from typing import Any

import numpy as np

from monitoring.statistics.ranks import Array

VERSION = "muster 1"
ROW_CAP = 2_000  # of each side, drawn with a fixed seed
PERMUTATIONS = 999
_FREQUENCIES = 256
_FOR_MEDIAN = 500
_AT_ONCE = 100


def mmd(reference: Array, current: Array, *, seed: int) -> tuple[float, float]:
    """Return the p-value and the size of the maximum mean discrepancy of two clouds of points.

    The Gaussian kernel, as wide as the median distance, is approximated by random Fourier
    features (Rahimi and Recht, 2007): the discrepancy is then the distance of two means. How
    often a random division of the same points is as far apart is the p-value.
    """
    luck = np.random.default_rng(seed)
    points = np.concatenate([reference, current])
    features = _features(points, luck)
    first = len(reference)
    observed = float(np.sum((features[:first].mean(0) - features[first:].mean(0)) ** 2))
    as_far = 0
    total = features.sum(0)
    for start in range(0, PERMUTATIONS, _AT_ONCE):
        draws = min(_AT_ONCE, PERMUTATIONS - start)
        chosen = np.zeros((draws, len(points)), np.float32)
        for row in chosen:
            row[luck.permutation(len(points))[:first]] = 1.0
        sums = chosen @ features
        apart = sums / first - (total - sums) / len(current)
        as_far += int(np.count_nonzero((apart**2).sum(1) >= observed))
    return (1 + as_far) / (1 + PERMUTATIONS), math.sqrt(observed)


def _features(points: Array, luck: np.random.Generator) -> Array:
    some = points[luck.permutation(len(points))[:_FOR_MEDIAN]]
    squares = (some**2).sum(1)
    distances = squares[:, None] + squares[None, :] - 2 * some @ some.T
    apart = distances[np.triu_indices(len(some), 1)]
    apart = apart[apart > 1e-12]
    width = math.sqrt(float(np.median(apart))) if len(apart) else 1.0
    frequencies = luck.normal(0.0, 1.0 / width, (points.shape[1], _FREQUENCIES))
    angles = (points @ frequencies).astype(np.float32)
    return np.hstack([np.cos(angles), np.sin(angles)]) / np.float32(math.sqrt(_FREQUENCIES))


def chance_of(auc: float, reference: int, current: int) -> float:
    """Return how likely a classifier that knows nothing tells the sides apart this well."""
    spread = math.sqrt((reference + current + 1) / (12 * reference * current))
    return 0.5 * math.erfc((auc - 0.5) / spread / math.sqrt(2))


def sampled(rows: int, *, seed: int) -> Any:
    """Choose at most `ROW_CAP` rows."""
    if rows <= ROW_CAP:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, ROW_CAP, replace=False))
