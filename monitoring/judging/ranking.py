"""Which crossings a run tells first: inputs before the prediction, then by what they do to it."""

import math
from collections.abc import Iterable
from typing import Any

from monitoring.judging.protocol import ReadingOut


def worst_first(readings: Iterable[ReadingOut]) -> list[ReadingOut]:
    """Return the crossed readings: an input explains the prediction, so it comes first."""
    crossed = [one for one in readings if one.crossed]
    weighted = [one.weight for one in crossed if one.weight is not None]
    # A column whose weight nobody told counts like the lightest of those that were.
    unknown = min(weighted, default=1.0)

    def rank(one: ReadingOut) -> tuple[bool, float]:
        weight = unknown if one.weight is None else one.weight
        return one.stage == "prediction", -_excess(one) * weight

    return sorted(crossed, key=rank)


def said(reading: ReadingOut) -> dict[str, Any]:
    """Return what a run's summary holds of a crossing."""
    return {
        "feature": reading.feature,
        "segment": reading.segment,
        "stage": reading.stage,
        "method": reading.method,
        "value": reading.value,
        "limit": reading.limit,
        "effect": reading.effect,
        "weight": reading.weight,
        "sentence": reading.note,
    }


def _excess(reading: ReadingOut) -> float:
    value, limit = reading.value or 0.0, reading.limit or 0.0
    if reading.direction == "min":
        # Of p-values the orders of magnitude count, or the smallest would outweigh everything.
        return 1.0 + max(0.0, math.log10(max(limit, 1e-300) / max(value, 1e-300)))
    return value / limit if limit else 1.0 + value
