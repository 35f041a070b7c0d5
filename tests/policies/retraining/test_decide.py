"""Each way a decision can go, in the order in which the rules are asked."""

from datetime import timedelta

import pytest

from policies.retraining.decide import decide
from tests.policies.retraining.scenes import (
    START,
    WEEK,
    drift,
    facts,
    fault,
    policy,
    retraining,
    scored,
    week,
)

DRIFTING = (drift(0, 0), drift(1, 0.4), drift(2, 0.5))
DROP = {"signal": "metric_drop", "metric": "roc_auc", "at_least": 0.05, "windows": 2, "of": 3}


def test_two_drifting_windows_of_three_ask_for_a_retraining():
    found = decide(facts(*DRIFTING), policy(), week(2))

    assert found.action == "retrain"
    assert found.reasons == (
        "Check 'inputs' shows a drift share of at least 20% in 2 of the latest 3 windows; the"
        " policy asks for 2 of 3 (latest: 50%: age, income).",
    )


def test_one_drifting_window_is_not_enough_and_the_count_is_told():
    found = decide(facts(drift(0, 0), drift(1, 0.4)), policy(), week(1))

    assert found.action == "none"
    assert "in 1 of the latest 2 windows" in found.reasons[0]


def test_drift_that_left_the_latest_windows_no_longer_counts():
    found = decide(facts(*DRIFTING, drift(3, 0), drift(4, 0)), policy(), week(4))

    assert found.action == "none"


def test_an_open_data_fault_holds_a_wanted_retraining_and_says_what_it_would_have_been():
    found = decide(facts(*DRIFTING, faults=(fault(2),)), policy(), week(2))

    assert found.action == "hold"
    assert found.reasons[0].startswith("Retraining is on hold: check 'inputs' has an open data")
    assert "column 'age' is missing" in found.reasons[0]
    assert found.reasons[1].startswith("Without the hold: Check 'inputs' shows")


def test_an_open_data_fault_holds_even_when_nothing_asks_for_a_retraining():
    assert decide(facts(drift(0, 0), faults=(fault(0),)), policy(), week(0)).action == "hold"


def test_a_policy_may_do_without_the_hold():
    found = decide(facts(*DRIFTING, faults=(fault(2),)), policy(hold_on_data_fault=False), week(2))

    assert found.action == "retrain"


def test_a_decommissioned_model_is_left_alone():
    found = decide(facts(*DRIFTING, lifecycle="decommissioned"), policy(), week(2))

    assert (found.action, found.reasons[0][:24]) == ("none", "The model is decommissio")


def test_a_model_without_a_champion_waits():
    assert decide(facts(*DRIFTING, champion=None), policy(), week(2)).action == "wait"


def test_a_policy_whose_trainer_is_gone_waits_and_names_it():
    found = decide(facts(*DRIFTING, trainer_known=False), policy(), week(2))

    assert found.action == "wait"
    assert "names the trainer 'retrainer'" in found.reasons[0]


def test_a_policy_without_a_trainer_leaves_it_to_a_person():
    found = decide(facts(*DRIFTING), policy(trainer=None), week(2))

    assert found.action == "wait"
    assert "a person has to start" in found.reasons[0]


def test_windows_still_being_judged_are_waited_for():
    found = decide(facts(*DRIFTING, windows_open=3), policy(), week(2))

    assert found.action == "wait"
    assert found.reasons[0].startswith("3 windows are still being judged")


def test_a_retraining_that_runs_is_waited_for():
    past = (retraining(2, state="started", version=None),)

    found = decide(facts(*DRIFTING, drift(3, 0.6), retrainings=past), policy(), week(3))

    assert found.action == "wait"
    assert "has not come back yet" in found.reasons[0]


def test_the_cooldown_ends_on_the_day_it_says():
    past = (retraining(2, state="failed", version=None),)
    seen = facts(*DRIFTING, drift(3, 0.6), retrainings=past)

    early = decide(seen, policy(), week(4) - timedelta(seconds=1))

    assert early.action == "wait"
    assert f"ends on {week(4):%Y-%m-%d}" in early.reasons[0]
    assert decide(seen, policy(), week(4)).action == "retrain"


def test_a_used_up_quarter_waits_for_the_next_one():
    past = (retraining(0, state="failed"), retraining(2, state="failed"))
    seen = facts(*DRIFTING, retrainings=past)

    used = decide(seen, policy(cooldown_days=0), week(5))

    assert used.action == "wait"
    assert "2 of at most 2 retrainings in the third quarter of 2026" in used.reasons[0]
    assert decide(seen, policy(cooldown_days=0), week(7)).action == "retrain"


def test_drift_that_goes_on_after_a_retraining_is_the_same_cause():
    seen = facts(*DRIFTING, *(drift(n, 0.6) for n in range(3, 9)), retrainings=(retraining(2),))

    found = decide(seen, policy(), week(8))

    assert found.action == "wait"
    assert "version 2 came of it and waits, while version 1 serves" in found.reasons[0]


def test_drift_that_went_off_and_came_back_is_a_new_cause():
    weeks = [0.6, 0, 0, 0, 0.6, 0.6]
    seen = facts(
        *DRIFTING,
        *(drift(3 + i, share) for i, share in enumerate(weeks)),
        retrainings=(retraining(2),),
    )

    assert decide(seen, policy(), week(8)).action == "retrain"


def test_drift_under_a_new_champion_is_a_new_cause():
    later = [drift(n, 0.6, version=2) for n in (3, 4)]
    seen = facts(*DRIFTING, *later, champion=2, retrainings=(retraining(2),))

    assert decide(seen, policy(), week(4)).action == "retrain"


def test_windows_of_the_former_champion_say_nothing_about_the_new_one():
    seen = facts(*DRIFTING, champion=2, retrainings=(retraining(2),))

    assert decide(seen, policy(), week(4)).action == "wait"


def test_a_failed_retraining_answers_nothing():
    seen = facts(*DRIFTING, drift(3, 0.6), retrainings=(retraining(2, state="timed_out"),))

    assert decide(seen, policy(), week(5)).action == "retrain"


def test_a_metric_that_fell_behind_its_reference_asks_for_a_retraining():
    seen = facts(scored(0, 0.80), scored(1, 0.75), scored(2, 0.74))

    found = decide(seen, policy(signals=[DROP]), week(2))

    assert found.action == "retrain"
    assert "drop of roc_auc of at least 5% in 2 of the latest 3" in found.reasons[0]
    assert "0.74 against 0.8" in found.reasons[0]


def test_a_metric_without_a_reference_is_measured_against_the_limit():
    seen = facts(scored(0, 0.66, reference=None), scored(1, 0.65, reference=None))

    assert decide(seen, policy(signals=[DROP]), week(1)).action == "retrain"


def test_no_judged_window_is_waited_for_and_never_taken_for_quiet():
    found = decide(facts(), policy(), week(0))

    assert found.action == "wait"
    assert found.reasons[0].startswith("No judged window")


@pytest.mark.parametrize(
    ("age", "action"), [(89, "none"), (90, "wait"), (99, "wait"), (100, "retrain")]
)
def test_the_cadence_leaves_the_team_its_grace(age, action):
    rules = policy(cadence_days=90, cadence_grace_days=10)
    seen = facts(drift(0, 0), champion_created_at=START)

    assert decide(seen, rules, START + timedelta(days=age)).action == action


def test_the_cadence_counts_from_the_latest_retraining():
    rules = policy(cadence_days=30)
    seen = facts(drift(0, 0), retrainings=(retraining(4),))

    assert decide(seen, rules, week(4) + timedelta(days=29)).action == "none"
    assert decide(seen, rules, week(4) + timedelta(days=30)).action == "retrain"


def test_the_cadence_floor_works_without_any_signal():
    rules = policy(signals=[], cadence_days=30)

    assert decide(facts(), rules, START + 6 * WEEK).action == "retrain"
