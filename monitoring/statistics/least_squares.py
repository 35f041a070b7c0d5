"""Ordinary least squares with HC3 errors, and the gap between groups that remains after it.

HC3 (MacKinnon and White 1985) divides each residual by one minus its leverage, so that the
errors stay honest when the spread differs between people and single rows pull hard.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_WHOLE = 1 - 1e-9


class NoFit(Exception):
    """The columns do not tell the groups apart."""


@dataclass(frozen=True)
class Fit:
    """Coefficients and their covariance."""

    coefficients: Any
    covariance: Any

    def contrast(self, weights: Any) -> tuple[float, float]:
        """Return the value and the standard error of a combination of coefficients."""
        value = float(weights @ self.coefficients)
        return value, math.sqrt(max(float(weights @ self.covariance @ weights), 0.0))


def fit(design: Any, target: Any) -> Fit:
    """Fit the target on the design's columns."""
    inverse = np.linalg.pinv(design, rcond=1e-15)
    coefficients = inverse @ target
    residuals = target - design @ coefficients
    leverage = np.einsum("ij,ji->i", design, inverse)
    # A row that alone decides its own coefficient is met exactly: it says nothing of the spread.
    alone = leverage > _WHOLE
    scaled = np.where(alone, 0.0, residuals / np.where(alone, 1.0, 1 - leverage))
    half = inverse * scaled
    return Fit(coefficients, half @ half.T)


@dataclass(frozen=True)
class Gap:
    """How much less one group is paid than another, as a share, other things being equal."""

    group: int
    against: int
    value: float
    low: float
    high: float
    p_value: float


def adjusted_gaps(
    amounts: Any, groups: Any, factors: Any, *, count: int, against: int | None, quantile: float
) -> list[Gap]:
    """Return each group's gap, 1 - exp(b), to the group that is paid most, or to `against`.

    `groups` holds codes below `count`; `factors` one column a factor (dummies for categories).
    """
    dummies = (groups[:, None] == np.arange(count)).astype(float)
    # The groups' own columns stand for the constant.
    design = np.column_stack([dummies, factors])
    if not np.isfinite(design).all():
        raise NoFit("a factor has values too large to compute with")
    if (
        np.linalg.matrix_rank(design)
        - np.linalg.matrix_rank(np.column_stack([np.ones(len(amounts)), factors]))
        < count - 1
    ):
        raise NoFit("the factors and the groups say the same, so no gap can be told from them")
    found = fit(design, np.log(amounts))
    top = int(np.argmax(found.coefficients[:count])) if against is None else against
    gaps = []
    for group in range(count):
        if group == top:
            continue
        weights = np.zeros(design.shape[1])
        weights[group], weights[top] = 1.0, -1.0
        b, error = found.contrast(weights)
        p_value = math.erfc(abs(b / error) / math.sqrt(2)) if error > 0 else 1.0
        ends = (1 - math.exp(b + quantile * error), 1 - math.exp(b - quantile * error))
        gaps.append(Gap(group, top, 1 - math.exp(b), *ends, p_value))
    return gaps
