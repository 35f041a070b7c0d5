"""Facts of a version that passes every gate, to be spoiled one by one."""

from datetime import UTC, datetime

from policies.releases.seen import GateFacts, VersionSeen

TRAINED = datetime(2026, 8, 1, tzinfo=UTC)
OOT = {
    "metric": "roc_auc",
    "direction": "min",
    "value": 0.81,
    "limit": 0.75,
    "limit_set_at": "2026-07-01T00:00:00Z",
    "train_end": "2026-06-30T00:00:00Z",
    "oot_start": "2026-07-01T00:00:00Z",
    "oot_end": "2026-07-28T00:00:00Z",
    "n": 5000,
}
GROUPS = {
    "sex": [
        {"group": "f", "n": 1000, "selected": 300, "rate": 0.3},
        {"group": "m", "n": 1000, "selected": 310, "rate": 0.31},
    ]
}
PROOF = {"target": 1, "digest": "a" * 64, "loads": True, "max_difference": 0.0, "tolerance": 1e-6}


def version(number: int = 2, *, documents=None, **more) -> VersionSeen:
    return VersionSeen(
        **{
            "number": number,
            "created_at": TRAINED,
            "run_id": "r" * 32,
            "digest": "a" * 64 if number == 1 else "b" * 64,
            "files": ("model/MLmodel", "model/requirements.txt", "model/model.skops"),
            "params": 3,
            "inputs": ("age", "income"),
            "dataset_digests": ("d1",),
            "git_commit": "0123456789abcdef",
            "tags": {
                "muster.fairness_limit": "0.8",
                "muster.limits_set_at": "2026-07-01T00:00:00Z",
            },
            "documents": {
                "muster/oot.json": OOT,
                "muster/importance.json": {"age": 0.4, "income": 0.6},
                "muster/groups.json": GROUPS,
                "muster/rollback.json": PROOF,
                **(documents or {}),
            },
            **more,
        }
    )


def gate_facts(*, tier=2, judges_people=True, previous=None, keep_previous=True, **spoiled):
    before = version(1) if keep_previous and previous is None else previous
    return GateFacts(tier, judges_people, version(**spoiled), before)
