"""Facts of a model that satisfies every control, to be spoiled one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.compliance.controls import CONTROLS
from policies.compliance.seen import (
    CaseSeen,
    CheckSeen,
    ControlFacts,
    PersonSeen,
    RecordSeen,
    TierSeen,
    WindowSeen,
)
from policies.results import Finding
from tests.policies.releases.scenes import PROOF, gate_facts

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ANA, BEN = PersonSeen("ana@example.com", True), PersonSeen("ben@example.com", True)

RECORD = RecordSeen(
    lifecycle="active",
    purpose="Score payments",
    description="A boosted tree.",
    decision_role="one_input",
    jurisdictions=("US",),
    owner=ANA,
    deputy=BEN,
    mlflow_name="card-fraud",
    uses=1,
)
TIER = TierSeen(2, (), "2026.1", "2026.1", MONDAY - 10 * DAY)


def window(weeks_ago: int = 0, state: str = "ok", **more: Any) -> WindowSeen:
    end = MONDAY - (1 + 7 * weeks_ago) * DAY
    return WindowSeen(end - 7 * DAY, end, state, **more)


def check(kind: str = "data", state: str = "ok", **more: Any) -> CheckSeen:
    return CheckSeen(
        **{
            "slug": kind,
            "kind": kind,
            "paused": False,
            "every_days": 7,
            "has_limits": True,
            "has_severity": True,
            "changed_at": MONDAY - 20 * DAY,
            "windows": (window(1), window(0, state)),
            "segments_wanted": ("region",),
            "segments_read": 3,
            **more,
        }
    )


def case(**more: Any) -> CaseSeen:
    return CaseSeen(**{"number": 7, "title": "Drift", "opened_at": MONDAY - DAY, **more})


def champion(**spoiled: Any):
    proof = {**PROOF, "checked_at": "2026-11-01T00:00:00Z"}
    return gate_facts(**{"documents": {"muster/rollback.json": proof}, **spoiled})


def facts(**spoiled: Any) -> ControlFacts:
    """Return sound facts; `record=` and `tier=` take the fields to spoil."""
    return ControlFacts(
        **{
            "champion": champion(),
            "champion_since": MONDAY - 100 * DAY,
            "approved_version": 2,
            "approved_digest": "b" * 64,
            "checks": (check("data"), check("performance")),
            "policy": "standard@1",
            **spoiled,
            "record": replace(RECORD, **spoiled.get("record", {})),
            "tier": replace(TIER, **spoiled.get("tier", {})),
        }
    )


def find(
    control: str, *, days: int | None = None, at: datetime = MONDAY, **spoiled: Any
) -> Finding:
    return CONTROLS[control](facts(**spoiled), days=days, at=at)
