"""Compute a model's risk tier from the answers to nine questions and four facts. Pure.

Tier 1 is the gravest, 4 is de minimis. A question that nobody answered counts as its worst
value, so that a blank record is tier 1 until somebody looks. A worse answer never gives a
lighter tier (a test proves it).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RULE_VERSION = "2026.1"
DE_MINIMIS = 4


@dataclass(frozen=True)
class Question:
    """One scored question; the answer is the place of the chosen words, 0 is the lightest."""

    key: str
    label: str
    choices: tuple[str, ...]

    @property
    def worst(self) -> int:
        return len(self.choices) - 1


QUESTIONS = (
    Question(
        "exposure",
        "Exposure: money a year, decisions a day, people",
        ("negligible", "small", "medium", "large", "very large"),
    ),
    Question(
        "purpose",
        "Purpose",
        (
            "internal information",
            "efficiency",
            "commercial choice, personalization",
            "financial risk, fraud, pricing, HR",
            "regulatory, financial statements, or access to credit, job, insurance",
        ),
    ),
    Question(
        "harm",
        "Harm to people, and whether it can be undone",
        (
            "none",
            "nuisance",
            "recoverable loss",
            "serious, slow to repair",
            "loss of livelihood, rights, safety",
        ),
    ),
    Question(
        "method",
        "Method and opacity",
        (
            "fixed formula",
            "linear, scorecard",
            "ensemble, explained after the fact",
            "deep or black box, vendor secret",
        ),
    ),
    Question(
        "data",
        "Data",
        (
            "ample, own, stable",
            "some gaps",
            "proxy, external",
            "alternative, unstructured, unknown origin",
        ),
    ),
    Question(
        "change",
        "Change",
        ("static", "scheduled, checked", "triggered retraining", "online or vendor-driven"),
    ),
    Question(
        "build",
        "Build and links",
        (
            "one script",
            "one service",
            "several feeds, feature store",
            "many upstream models, hard to replay",
        ),
    ),
    Question(
        "bias",
        "Bias potential",
        ("no people", "weak", "indirect traits present", "direct or strong proxies"),
    ),
    Question(
        "reliance",
        "Reliance on the output",
        ("information", "one input", "recommendation rarely overruled", "fully automated"),
    ),
)
FACTS = {
    "significant_effect_on_people": "Legal or similarly significant effect on a person",
    "eu_high_risk": "High-risk under the EU AI Act",
    "regulatory_figure": "Feeds a regulatory or financial-statement figure",
}
FEEDS = "feeds_tier1"  # how many tier-1 models take this one's output
_MATERIALITY = ("exposure", "purpose", "harm")
_COMPLEXITY = ("method", "data", "change", "build", "bias")
# Rows: materiality; columns: complexity low, medium, high.
_TIERS = {"H": (2, 1, 1), "M": (3, 2, 2), "L": (4, 3, 3)}
_LEVELS = "LMH"


@dataclass(frozen=True)
class Assessment:
    """A tier with the sentences that led to it and the questions nobody answered."""

    tier: int
    reasons: tuple[str, ...]
    unanswered: tuple[str, ...]
    rule_version: str = RULE_VERSION


def name(tier: int) -> str:
    """Return a tier as people write it: T1, T2, T3 or DM."""
    return "DM" if tier == DE_MINIMIS else f"T{tier}"


def assess(answers: Mapping[str, Any]) -> Assessment:
    """Return the tier that the answers give, and why."""
    unanswered = tuple(q.key for q in QUESTIONS if answers.get(q.key) is None)
    scores = {q.key: q.worst if q.key in unanswered else int(answers[q.key]) for q in QUESTIONS}
    first = [scores[key] for key in _MATERIALITY]
    materiality = "H" if max(first) == 4 or sum(first) >= 9 else "L"
    if materiality == "L" and (max(first) == 3 or sum(first) >= 4):
        materiality = "M"
    load = sum(scores[key] for key in _COMPLEXITY)
    complexity = "H" if load >= 10 else "M" if load >= 5 else "L"
    tier = _TIERS[materiality][_LEVELS.index(complexity)]
    terms = "+".join(map(str, first))
    reasons = [
        f"materiality {materiality} ({terms}), complexity {complexity} ({load}) -> {name(tier)}"
    ]
    if scores["reliance"] == 3 and scores["harm"] >= 2 and materiality != "L" and tier > 1:
        tier -= 1
        reasons.append(f"fully automated with harm {scores['harm']}: one tier up -> {name(tier)}")
    for floor, why in _floors(answers, scores):
        if tier > floor:
            tier = floor
            reasons.append(f"{why}: at least {name(tier)}")
    return Assessment(tier, tuple(reasons), unanswered)


def _floors(answers: Mapping[str, Any], scores: Mapping[str, int]) -> list[tuple[int, str]]:
    floors = []
    if answers.get("regulatory_figure"):
        floors.append((2, "feeds a regulatory or financial-statement figure"))
    if answers.get("significant_effect_on_people"):
        floors.append((2, "significant effect on people"))
        if scores["reliance"] >= 2:
            floors.append((1, "significant effect on people, rarely overruled or automated"))
    if answers.get("eu_high_risk"):
        floors.append((2, "high-risk under the EU AI Act"))
    if int(answers.get(FEEDS) or 0) >= 3:
        floors.append((2, f"feeds {answers[FEEDS]} tier-1 models"))
    return floors
