"""What the teams wrote into the inventory record: a few well, some by half, some not at all."""

from __future__ import annotations

from typing import Any

from examples.fleet.specification import ModelSpec

# What a decision is about and whom it touches, by kind of use; what is not here is left open.
SUBJECTS: dict[str, tuple[str, str]] = {
    "credit": ("credit", "applicants"),
    "affordability": ("credit", "customers"),
    "fraud": ("fraud", "customers"),
    "pay": ("pay", "employees"),
    "screening": ("employment", "applicants"),
    "clinical": ("health", "public"),
    "provision": ("reporting", "none"),
    "planning": ("operations", "none"),
    "churn": ("marketing", "customers"),
}
CAREFUL = ("credit", "fraud", "screening", "provision")  # these teams fill what they are asked for


def record(spec: ModelSpec) -> dict[str, Any]:
    """Return the record's fields as the model's team typed them."""
    if spec.governance not in SUBJECTS:
        return {}
    about, people = SUBJECTS[spec.governance]
    found: dict[str, Any] = {
        "origin": "in_house",
        "model_kind": "trained_ml",
        "decides_about": [about],
        "people_affected": {"groups": [people]},
        "adaptation_mode": "triggered_retrain",
        "personal_data": "none" if people == "none" else "pseudonymous",
    }
    return found | _careful(spec, people) if spec.governance in CAREFUL else found


def _careful(spec: ModelSpec, people: str) -> dict[str, Any]:
    return {
        "business_line": spec.unit.replace("-", " ").capitalize(),
        "legal_entity": "Fleet Example Ltd",
        "approved_uses": [{"purpose": spec.purpose, "start": "2026-01-01"}],
        "prohibited_uses": "Any decision about other people than those it was trained on.",
        "foreseeable_misuse": "Its score read as a certainty, or used after the season changed.",
        "developers": [spec.deputy],
        "accountable_executive": spec.owner,
        "consuming_teams": [f"{spec.unit} operations"],
        "known_limitations": [
            {
                "text": "Groups that are rare in the training data are judged less well.",
                "severity": "medium",
                "control": "segments of the data check",
                "shown_to_users": True,
            }
        ],
        "assumptions": [{"text": "The past year is like the next.", "tested_by": "drift checks"}],
        "upstream": {"others": [{"kind": "dataset", "name": "requests of the last year"}]},
        "downstream": {"none": True},
        "special_category": False,
        "protected_attributes": {"labels_from": "none" if people == "none" else "self_reported"},
        "data_kinds": {"alternative": False, "proxy": False, "external": False, "synthetic": True},
        "change_envelope": {
            "data": "the same tables, newer rows",
            "features": "none added, none dropped",
            "parameters": "weights only",
            "metric_bounds": "no worse than the limits of its checks",
            "cadence_days": 30,
            "cooldown_days": 14,
        },
        "explanation_method": "permutation importance, logged with each version",
        "interpretability_level": "post_hoc_global",
        "metric_rationale": "They are what the business loses by when the model is wrong.",
        "retention_class": "standard",
        "log_location": "the unit's request log",
        "log_retention_days": 400,
    }
