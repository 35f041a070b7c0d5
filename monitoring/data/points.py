"""Rows as points in space, for measures of how well clusters are separated."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitoring.data.columns import Column


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
