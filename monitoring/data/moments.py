"""The weekday, hour, day or month of a column of times, as categories."""

from typing import Any

import numpy as np

from monitoring.data.columns import Column

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_THURSDAY = 3  # 1 January 1970 was one
_MOST_DAYS = 400


def codes(times: Column, part: str) -> Any:
    """Return the number of each time's weekday (Monday is 0), hour, day or month; -1 is no time."""
    days = times.values // _DAY
    if part == "weekday":
        found = (days + _THURSDAY) % 7
    elif part == "hour":
        found = times.values % _DAY // _HOUR
    elif part == "month":
        found = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    else:
        found = days
    return np.where(times.missing, -1, found)


def part(times: Column, name: str) -> Column:
    """Return the weekday, hour or day of each time as a category, in UTC."""
    found = codes(times, name)
    if name == "weekday":
        return Column("category", found, _WEEKDAYS, times.missing)
    if name == "hour":
        return Column("category", found, tuple(f"{hour:02d}" for hour in range(24)), times.missing)
    days = np.unique(found[~times.missing])[:_MOST_DAYS]
    places = np.searchsorted(days, found)
    known = np.isin(found, days) & ~times.missing
    labels = tuple(str(day) for day in days.astype("datetime64[D]"))
    return Column("category", np.where(known, places, -1), labels, ~known)


def alike(reference: Column, current: Column, kinds: list[str]) -> Any:
    """Return which rows of the reference fall on a kind of time that the batch has, too."""
    then, now = (_joined(side, kinds) for side in (reference, current))
    return np.isin(then, np.unique(now[~current.missing])) & ~reference.missing


def _joined(times: Column, kinds: list[str]) -> Any:
    total = np.zeros(len(times.values), np.int64)
    for kind in kinds:
        total = total * 32 + codes(times, kind)
    return total
