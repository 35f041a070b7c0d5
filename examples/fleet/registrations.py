"""What Muster is told about the fleet: units, people, models, sources, checks and policies."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from examples.fleet.calendar import Calendar
from examples.fleet.fairness import limits_of
from examples.fleet.governance import USES
from examples.fleet.inventory import record
from examples.fleet.metrics import TOP
from examples.fleet.muster_client import Muster
from examples.fleet.organization import UNITS, people
from examples.fleet.specification import ModelSpec
from examples.fleet.worlds import describe
from examples.fleet.worlds.world import World

METHODS = {
    "logistic": "Logistic regression",
    "ridge": "Ridge regression",
    "forest": "A forest of 40 trees",
    "boosting": "Gradient boosting of trees",
    "boosting_amount": "Gradient boosting of trees",
    "kmeans": "K-means with 4 groups",
}
WEBHOOK_UNIT = "payments"
TWO_OF_THREE = {"bad": 2, "of": 3, "good": 2}
FLEET_TRAINER = "fleet-trainer"
PLATFORM_UNIT = "software"  # runs the machine that retrains for units without one of their own
TRAINERS = {
    "lending-trainer": "lending",
    "payments-trainer": "payments",
    "shop-trainer": "commerce",
}
CLOSER: dict[str, dict[str, Any]] = {
    "lending": {"cadence_days": 180, "cooldown_days": 30, "max_per_quarter": 1},
    "payments": {"cadence_days": 30, "cooldown_days": 7, "max_per_quarter": 6},
}


def webhook_secret(secret: str) -> str:
    """Write a secret as Standard Webhooks wants it; any other text is hashed to its length."""
    if secret.startswith("whsec_"):
        return secret
    return "whsec_" + base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def register_organization(muster: Muster, password: str) -> None:
    """Tell Muster the units and everybody in them."""
    for unit in UNITS:
        muster.put("business-units", unit.slug, body={"name": unit.name})
    for person in people():
        body: dict[str, Any] = {
            "name": person.name,
            "time_zone": person.time_zone,
            "memberships": list(person.memberships),
            "fleet_roles": list(person.fleet_roles),
        }
        if person.manager:
            body["manager"] = person.manager
        if person.signs_in:
            body["password"] = password
        muster.put("people", person.email, body=body)


def register_outside(muster: Muster, trainer_url: str, secret: str) -> None:
    """Tell Muster where retraining is done, and where one unit wants its alerts as well."""
    for trainer, unit in {FLEET_TRAINER: PLATFORM_UNIT, **TRAINERS}.items():
        body = {"business_unit": unit, "url": f"{trainer_url}/retrain", "secret": secret}
        muster.put("trainers", trainer, body=body)
    body = {
        "business_unit": WEBHOOK_UNIT,
        "kind": "webhook",
        "address": f"{trainer_url}/alerts",
        "secret": secret,
    }
    muster.put("channels", f"{WEBHOOK_UNIT}-desk", body=body)


def register_policies(muster: Muster) -> None:
    """Tell Muster when to retrain: one rule for all, and closer ones of three units."""
    signals = [
        {"signal": "drift_share", "at_least": 0.1, "windows": 2, "of": 3},
        {
            "signal": "metric_drop",
            "check": "performance",
            "metric": "roc_auc",
            "at_least": 0.15,
            "windows": 2,
            "of": 3,
        },
    ]
    usual: dict[str, Any] = {
        "signals": signals,
        "cadence_days": 90,
        "cadence_grace_days": 10,
        "cooldown_days": 14,
        "max_per_quarter": 2,
        "hold_on_data_fault": True,
    }
    fallback = {**usual, "trainer": FLEET_TRAINER}
    muster.put("policies", "fleet-default", body={"selector": {}, "spec": fallback})
    for trainer, unit in TRAINERS.items():
        body = {
            "business_unit": unit,
            "selector": {"business_unit": unit},
            "spec": {**usual, **CLOSER.get(unit, {}), "trainer": trainer},
        }
        muster.put("policies", f"{unit}-retraining", body=body)


def description(spec: ModelSpec, world: World) -> str:
    """Describe a model for those who did not build it."""
    inputs = ", ".join(world.features)
    parts = [describe(spec.world), f"{METHODS[spec.estimator]} on {inputs}."]
    if spec.task != "clustering":
        later = {0: "within the week", 1: "a week later"}
        parts.append(f"Labels come {later.get(spec.weeks_late, f'{spec.weeks_late} weeks later')}.")
    return " ".join(parts)


def register_model(muster: Muster, spec: ModelSpec, world: World, landing: Path) -> None:
    """Tell Muster one model and where its batches land."""
    body: dict[str, Any] = {
        "name": spec.name,
        "business_unit": spec.unit,
        "owner": spec.owner,
        "deputy": spec.deputy,
        "purpose": spec.purpose,
        "task": spec.task,
        "lifecycle": "active",
        "tags": sorted(spec.tags),
        "mlflow": {"server": "default", "model": spec.slug},
        **USES[spec.governance],
    }
    if kept := record(spec):
        body["record"] = kept
    if spec.described:
        body["description"] = description(spec, world)
    muster.put("models", spec.slug, body=body)
    source = {"address": str(landing / spec.slug), "format": "parquet"}
    muster.put("models", spec.slug, "sources", "requests", body=source)


def register_checks(
    muster: Muster, spec: ModelSpec, world: World, limits: dict[str, float], calendar: Calendar
) -> None:
    """Tell Muster what to look at each week, and where the limits are."""
    for name, check in checks(spec, world, limits, calendar).items():
        muster.put("models", spec.slug, "checks", name, body=check)


def checks(
    spec: ModelSpec, world: World, limits: dict[str, float], calendar: Calendar
) -> dict[str, dict[str, Any]]:
    """Write down the checks of one model."""
    weekly = {
        "every_days": 7,
        "start": f"{calendar.start:%Y-%m-%dT%H:%M:%SZ}",
        "grace_hours": 24,
    }
    made = {"data": {"kind": "data", "spec": {**weekly, **_data(spec, world)}}}
    if spec.limits:
        made["performance"] = {
            "kind": "performance",
            "spec": {**weekly, **_performance(spec, limits)},
        }
    if groups := limits_of(spec):
        made["fairness"] = {
            "kind": "fairness",
            "spec": {**weekly, **groups, "when": TWO_OF_THREE},
        }
    if spec.latency is not None:
        made["latency"] = {
            "kind": "metric",
            "spec": {
                **weekly,
                "metric": "latency_p95_ms",
                "direction": "max",
                "limit": spec.latency[1],
                "when": {"bad": 1, "of": 1, "good": 1},
                "severity": {"breach": "watch"},
            },
        }
    return made


def _data(spec: ModelSpec, world: World) -> dict[str, Any]:
    method, limit = spec.drift
    answer = "score" if spec.task == "classification" else "prediction"
    return {
        "source": "requests",
        "baseline": "season" if spec.seasonal else "training",
        "numeric": {"method": method, "limit": limit},
        "categorical": {"method": "psi", "limit": 0.2},
        "features": {name: {} for name in world.features},
        "prediction": {"column": answer, "method": method, "limit": limit},
        "segments": list(world.segments),
        "segment_min_rows": 300,
        "segment_limit": 0.35,
        "min_rows": 200,
        "time": "time",
        "when": TWO_OF_THREE,
        "severity": {"drift": "watch", "data_fault": "watch"},
    }


def _performance(spec: ModelSpec, limits: dict[str, float]) -> dict[str, Any]:
    wanted = [
        {"name": limit.metric, "direction": limit.direction, "limit": limits[limit.metric]}
        for limit in spec.limits
    ]
    return {
        "source": "requests",
        "label_delay_days": 7 * spec.weeks_late,
        "label": "label",
        "prediction": "prediction",
        **({"score": "score"} if spec.task == "classification" else {}),
        **({"group": "session", "k": TOP} if spec.task == "ranking" else {}),
        "min_labels": 100,
        "min_completeness": 0.8,
        "metrics": wanted,
        # Where labels take a month, what the scores let one expect meanwhile.
        **(
            {"estimate": "confidence"}
            if spec.unit == "lending" and spec.task == "classification"
            else {}
        ),
        "when": TWO_OF_THREE,
        "severity": {"breach": "critical"},
    }
