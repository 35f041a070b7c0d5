"""Rows as points in space, for measures of how well clusters are separated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitoring.data.columns import Column
from monitoring.data.frames import SEED
from monitoring.statistics import multivariate


def coordinates(reference: Mapping[str, Column], current: Mapping[str, Column]) -> Any:
    """Return one row a point: numbers scaled by the reference, categories as 0 or 1."""
    parts = []
    rows = len(next(iter(current.values())).values)
    for name, then in reference.items():
        now = current.get(name)
        if now is None or now.numeric != then.numeric or not then.scorable:
            continue
        if now.numeric:
            known = then.present()
            middle, width = (known.mean(), known.std() or 1.0) if len(known) else (0.0, 1.0)
            scaled = np.where(np.isfinite(now.values), (now.values - middle) / width, 0.0)
            parts.append(scaled[:, None])
        else:
            places = {label: number for number, label in enumerate(now.labels)}
            for label in then.labels:
                parts.append((now.values == places.get(label, -2)).astype(float)[:, None])
    return np.hstack(parts) if parts else np.zeros((rows, 1))


def drawn(names: Sequence[str], side: Mapping[str, Column]) -> dict[str, Column]:
    """Return these columns with the rows that a look at many of them takes, the same each time."""
    rows = multivariate.sampled(len(side[names[0]].values), seed=SEED)
    return {name: side[name].at(rows) for name in names}


def clouds(
    reference: Mapping[str, Column], current: Mapping[str, Column]
) -> tuple[Any, Any, list[str], Any]:
    """Return both sides as points, the columns that are in them, and which column owns which axis.

    A side that lacks a column, or holds it in another form, leaves it out of both.
    """
    names: list[str] = []
    owners: list[int] = []
    sides: tuple[list[Any], list[Any]] = ([], [])
    for name, then in reference.items():
        own = {name: then}
        if name not in current or current[name].numeric != then.numeric or not then.scorable:
            continue
        both = coordinates(own, own), coordinates(own, {name: current[name]})
        for side, found in zip(sides, both, strict=True):
            side.append(found)
        owners += [len(names)] * both[0].shape[1]
        names.append(name)
    if not names:
        return np.zeros((0, 0)), np.zeros((0, 0)), [], np.zeros(0, int)
    return np.hstack(sides[0]), np.hstack(sides[1]), names, np.array(owners)
