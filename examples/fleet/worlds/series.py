"""Real rows in their true order of time, sampled week by week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.fleet.worlds.world import week_start


@dataclass(frozen=True, eq=False)
class SeriesWorld:
    """Rows that carry `original_time` and `label`; weeks follow one another as they really did."""

    table: pd.DataFrame
    features: tuple[str, ...]
    first_monday: pd.Timestamp
    segments: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    rows: int = 1000
    history_rows: int = 6000
    history_weeks: int = 26
    replays: bool = False

    def history(self, rng: np.random.Generator) -> pd.DataFrame:
        """Sample the weeks before the first watched one."""
        start = self.first_monday - pd.Timedelta(weeks=self.history_weeks)
        return self._sample(start, self.first_monday, self.history_rows, rng)

    def week(self, number: int, rng: np.random.Generator) -> pd.DataFrame:
        """Sample one watched week."""
        start = week_start(self.first_monday, number)
        return self._sample(start, start + pd.Timedelta(weeks=1), self.rows, rng)

    def outcome(self, frame: pd.DataFrame, rng: np.random.Generator, twist: float) -> pd.Series:
        """Keep what really came true."""
        if twist:
            raise ValueError("what came true in real data cannot be turned")
        return frame["label"]

    def _sample(
        self, start: pd.Timestamp, end: pd.Timestamp, rows: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        own = "world_time" if "world_time" in self.table.columns else "original_time"
        times = self.table[own]
        first, last = times.searchsorted(start), times.searchsorted(end)
        chosen = self.table.iloc[first:last]
        if len(chosen) > rows:
            chosen = chosen.iloc[np.sort(rng.choice(len(chosen), rows, replace=False))]
        return chosen.reset_index(drop=True)
