"""How often each method crosses its limit on shifts of known size, beside Evidently's default."""

import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType

from monitoring.checks import drift
from monitoring.checks.correction import benjamini_hochberg
from monitoring.statistics import distances
from monitoring.statistics.ranks import Ranks

ROWS = (500, 2_000, 10_000)
SHIFTS = (0.0, 0.1, 0.3, 0.6, 1.0)  # in standard deviations
# Limits as one would set them: conventional ones of each method.
LIMITS = {
    "psi": 0.2,
    "ks": 0.05,
    "wasserstein": 0.3,
    "jensenshannon": 0.15,
    "hellinger": 0.15,
    "total_variation": 0.15,
}
_REFERENCE = 5_000
_TRIALS = 60
_COLUMNS = 30


def shares() -> dict[str, float]:
    """Return the share of trials that crossed, by method, rows and shift."""
    luck = np.random.default_rng(7)
    found: dict[str, float] = {}
    for rows in ROWS:
        for shift in SHIFTS:
            crossed = dict.fromkeys([*LIMITS, "evidently"], 0)
            for _ in range(_TRIALS):
                then, now = luck.normal(size=_REFERENCE), luck.normal(shift, 1.0, rows)
                sides = Ranks(then), Ranks(now)
                for method, limit in LIMITS.items():
                    value = distances.numeric(method, *sides)
                    crossed[method] += drift.crossed(method, value, limit)
                crossed["evidently"] += _default(then, now)
            for method, count in crossed.items():
                found[f"{method}_n{rows}_shift{shift:g}"] = round(count / _TRIALS, 3)
    return found


def of_clean_windows() -> dict[str, float]:
    """Return how many windows of thirty clean columns cross: corrected, raw, and Evidently's."""
    luck = np.random.default_rng(8)
    corrected = raw = theirs = 0
    for _ in range(_TRIALS):
        then = luck.normal(size=(_COLUMNS, 900))
        now = luck.normal(size=(_COLUMNS, 900))
        p_values = [
            distances.numeric("ks", Ranks(a), Ranks(b)) for a, b in zip(then, now, strict=True)
        ]
        raw += min(p_values) < LIMITS["ks"]
        corrected += min(p or 0.0 for p in benjamini_hochberg(p_values)) < LIMITS["ks"]
        theirs += any(_default(a, b) for a, b in zip(then, now, strict=True))
    return {
        "clean_windows_ks_corrected": round(corrected / _TRIALS, 3),
        "clean_windows_ks_raw": round(raw / _TRIALS, 3),
        "clean_windows_evidently": round(theirs / _TRIALS, 3),
    }


def _default(then: object, now: object) -> bool:
    first, second = pd.Series(then), pd.Series(now)
    kind = ColumnType.Numerical
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return bool(get_stattest(first, second, kind, None)(first, second, kind, None).drifted)
