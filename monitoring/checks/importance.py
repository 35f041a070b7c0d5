"""How much each column matters to the model, as its training run said."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from monitoring.checks.words import percent

_NAMED = 3


def weights(logged: Mapping[str, Any], columns: Collection[str]) -> dict[str, float]:
    """Return each column's share of all that the run named, or nothing if that means nothing."""
    known: dict[str, float] = {}
    for name, value in logged.items():
        if name not in columns:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            return {}
        if not math.isfinite(value) or value < 0:
            return {}
        known[name] = float(value)
    total = sum(known.values())
    if not (total > 0 and math.isfinite(total)):
        return {}
    return {name: value / total for name, value in known.items()}


def said(moved: Collection[str], weight: Mapping[str, float]) -> tuple[float | None, str]:
    """Return the weight of the columns that moved, and the sentence that says which matter."""
    if not weight:
        return None, ""
    share = min(1.0, sum(weight.get(name, 0.0) for name in set(moved)))
    if not moved:
        return share, ""
    heavy = sorted((name for name in set(moved) if weight.get(name)), key=lambda n: -weight[n])
    if not heavy:
        return (
            share,
            "None of the columns that moved matters to the model, as its training run said",
        )
    named = ", ".join(f"{name} ({percent(weight[name])})" for name in heavy[:_NAMED])
    return share, f"The columns that moved carry {percent(share)} of the model's weight: {named}"
