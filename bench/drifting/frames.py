"""Tables of 30 columns, 20 of numbers and 10 of categories, a part of which has moved."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

START = datetime(2026, 8, 3, tzinfo=UTC)
WEEK = timedelta(days=7)
NUMERIC = [f"number_{place:02d}" for place in range(20)]
CATEGORICAL = [f"category_{place:02d}" for place in range(10)]


def frame(rows: int, *, seed: int, moved: float = 0.0) -> pd.DataFrame:
    """Draw a table; every fifth column moves by `moved` standard deviations."""
    rng = np.random.default_rng(seed)
    found: dict[str, object] = {}
    for place, name in enumerate(NUMERIC):
        shift = moved if place % 5 == 0 else 0.0
        found[name] = _numbers(rng, place, rows, shift)
    for place, name in enumerate(CATEGORICAL):
        labels = np.array([f"{name}-{number}" for number in range(2 + 4 * place)])
        weights = 1.0 / np.arange(1, len(labels) + 1)
        if place % 5 == 0:
            weights[0] *= 1 + moved
        found[name] = rng.choice(labels, size=rows, p=weights / weights.sum())
    return pd.DataFrame(found)


def _numbers(rng: np.random.Generator, place: int, rows: int, shift: float) -> object:
    normal = rng.normal(shift, 1.0, rows)
    if place % 4 == 1:
        return np.exp(8 + 0.5 * normal)  # an amount
    if place % 4 == 2:
        return np.round(40 + 12 * normal)  # an age
    if place % 4 == 3:
        return np.round(100 * np.exp(0.8 * normal), 2)  # a price
    return 50 + 10 * normal


def with_ids(table: pd.DataFrame) -> pd.DataFrame:
    """Add what a logged request has beside its features."""
    rows = len(table)
    seconds = np.linspace(0, WEEK.total_seconds() - 1, rows)
    return table.assign(
        request_id=[f"request-{number:09d}" for number in range(rows)],
        time=pd.Timestamp(START) + pd.to_timedelta(seconds, unit="s"),
    )
