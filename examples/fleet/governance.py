"""Answers to the tier questions, decision roles and jurisdictions, by kind of use."""

from __future__ import annotations

from typing import Any, TypedDict


class Governance(TypedDict):
    """The governed part of a registration."""

    decision_role: str
    jurisdictions: list[str]
    tier_answers: dict[str, Any]


ORDER = (
    "exposure",
    "purpose",
    "harm",
    "method",
    "data",
    "change",
    "build",
    "bias",
    "reliance",
)


def _use(scores: str, role: str, places: str, **facts: Any) -> Governance:
    answers: dict[str, Any] = dict(zip(ORDER, map(int, scores), strict=True))
    return {
        "decision_role": role,
        "jurisdictions": places.split(),
        "tier_answers": {**answers, **facts},
    }


# Nine digits: exposure, purpose, harm, method, data, change, build, bias, reliance.
USES: dict[str, Governance] = {
    "churn": _use("221211112", "recommendation_reviewed", "US EU"),
    "internal": _use("010110101", "information_only", "EU"),
    "planning": _use("210112101", "one_input", "EU"),
    "credit": _use(
        "444222233",
        "fully_automated",
        "US EU",
        significant_effect_on_people=True,
        eu_high_risk=True,
    ),
    "affordability": _use(
        "333121132", "recommendation_reviewed", "EU", significant_effect_on_people=True
    ),
    "fraud": _use("432223213", "fully_automated", "US EU"),
    "commercial": _use("221213113", "fully_automated", "US EU"),
    "advertising": _use("121112112", "fully_automated", "US"),
    "segments": _use("110211111", "one_input", "EU"),
    "pay": _use("233120130", "information_only", "EU", significant_effect_on_people=True),
    "screening": _use(
        "244331232",
        "recommendation_rarely_overruled",
        "US EU",
        significant_effect_on_people=True,
        eu_high_risk=True,
    ),
    "operations": _use("211211111", "one_input", "US"),
    "clinical": _use(
        "234221122", "recommendation_reviewed", "EU", significant_effect_on_people=True
    ),
    "provision": _use("441011011", "one_input", "EU", regulatory_figure=True),
}
