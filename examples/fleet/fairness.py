"""Which models are watched for how they treat groups of people, and within which limits."""

from __future__ import annotations

from typing import Any

from examples.fleet.specification import ModelSpec

# By slug. The limits were set before the first window; a group never sees its own column: the
# models are not trained on these attributes.
LIMITS: dict[str, dict[str, Any]] = {
    # Who deserves a card is known a month later, so this one waits for labels.
    "credit-scoring": {
        "attributes": ["age_band"],
        "limits": {"impact_ratio": 0.8, "equal_opportunity": 0.1, "calibration_gap": 0.1},
        "label": "label",
        "score": "score",
        "deserving": 0,
    },
    # As a bias audit of a hiring tool: selection rates alone, by sex, origin and both.
    "cv-screening": {
        "attributes": ["gender", "origin_group"],
        "intersections": [["gender", "origin_group"]],
        "limits": {"impact_ratio": 0.8},
        "min_share": 0.02,
        # A week has few applications of each group, so chance is asked to be rarer than usual.
        "significance": 0.01,
    },
    # As the other screening, with one comparison; this one is treated unfairly (see its script).
    "apprentice-screening": {
        "attributes": ["gender"],
        "limits": {"impact_ratio": 0.8},
        "significance": 0.01,
    },
}


def limits_of(spec: ModelSpec) -> dict[str, Any]:
    """Return the check's own part; nothing where nobody's treatment hangs on the model."""
    own = LIMITS.get(spec.original or spec.slug)
    if own is None:
        return {}
    late = {"label_delay_days": 7 * spec.weeks_late} if "label" in own else {}
    return {
        "source": "requests",
        "decision": "prediction",
        "favorable": {"values": [spec.favorable]},
        **own,
        **late,
        "severity": {"breach": "critical"},
    }
