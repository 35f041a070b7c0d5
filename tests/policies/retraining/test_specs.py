"""What a policy may say."""

import pytest
from pydantic import ValidationError

from policies.retraining.specs import PolicySpec, Selector

SIGNAL = {"signal": "drift_share", "at_least": 0.2, "windows": 2, "of": 3}


def test_the_documented_policy_is_accepted():
    spec = PolicySpec.model_validate(
        {
            "signals": [
                SIGNAL,
                {
                    "signal": "metric_drop",
                    "check": "performance",
                    "metric": "roc_auc",
                    "at_least": 0.05,
                    "windows": 2,
                    "of": 3,
                },
            ],
            "cadence_days": 90,
            "cadence_grace_days": 10,
            "cooldown_days": 14,
            "max_per_quarter": 2,
            "hold_on_data_fault": True,
            "trainer": "fleet-trainer",
        }
    )

    assert PolicySpec.model_validate(spec.model_dump()) == spec


@pytest.mark.parametrize(
    "wrong",
    [
        {"signals": []},
        {"signals": [{**SIGNAL, "windows": 4}]},
        {"signals": [{**SIGNAL, "at_least": 0}]},
        {"signals": [{**SIGNAL, "at_least": float("nan")}]},
        {"signals": [{**SIGNAL, "signal": "feeling"}]},
        {"cooldown_days": -1},
        {"cooldown_days": True},
        {"trainer": "no such/slug"},
        {"blackout": "december"},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValidationError):
        PolicySpec.model_validate({"signals": [SIGNAL], "trainer": "t", **wrong})


def test_a_selector_knows_its_keys_only():
    with pytest.raises(ValidationError):
        Selector.model_validate({"owner": "ana"})
    with pytest.raises(ValidationError):
        Selector.model_validate({"models": []})
