"""What every world offers: the rows of one business process, in that process's own calendar."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

WEEKS = 13
FIRST_MONDAY = pd.Timestamp("2025-09-01")  # where invented worlds begin to be watched
SEASON_DAYS = 364  # a whole number of weeks, so that last year's Monday is a Monday


class World(Protocol):
    """Thirteen weeks to watch, and the history that comes before them."""

    features: tuple[str, ...]
    segments: tuple[str, ...]
    protected: tuple[str, ...]
    first_monday: pd.Timestamp
    replays: bool

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the rows known before the first watched week, oldest first."""

    def week(self, number: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the rows of watched week 1 to 13."""

    def outcome(self, frame: pd.DataFrame, rng: np.random.Generator, twist: float) -> pd.Series:
        """Say what came true for these inputs; `twist` moves the rule towards another one."""


def times_within(
    start: pd.Timestamp, days: int, rows: int, rng: np.random.Generator
) -> pd.DatetimeIndex:
    """Draw moments, whole seconds, in order, from [start, start + days)."""
    seconds = np.sort(rng.integers(0, days * 86_400, rows))
    return pd.DatetimeIndex(start + pd.to_timedelta(seconds, unit="s"))


def week_start(first_monday: pd.Timestamp, number: int) -> pd.Timestamp:
    """Give the Monday on which watched week `number` begins."""
    return first_monday + pd.Timedelta(weeks=number - 1)
