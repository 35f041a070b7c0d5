"""What holds for every history: budget, cooldown, hold, one cause one retraining, replay."""

import ast
import inspect
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.retraining import decide as module
from policies.retraining.decide import decide
from policies.retraining.seen import RetrainingSeen, from_json, to_json
from tests.policies.retraining.scenes import START, drift, facts, fault, policy, scored, week

shares = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), min_size=1, max_size=40)
outcomes = st.lists(st.sampled_from(["succeeded", "failed", "timed_out", "promoted"]), min_size=40)
policies = st.builds(
    lambda m, extra, cooldown, budget, cadence, hold: policy(
        signals=[{"signal": "drift_share", "at_least": 0.2, "windows": m, "of": m + extra}],
        cooldown_days=cooldown,
        max_per_quarter=budget,
        cadence_days=cadence,
        hold_on_data_fault=hold,
    ),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(0, 60),
    st.integers(0, 3),
    st.none() | st.integers(5, 90),
    st.booleans(),
)


def live(shares, outcomes, rules, *, faults=()):
    """Judge the windows one by one as the service would; return all (facts, time, decision)."""
    champion, past, windows, told = 1, [], [], []
    for number, share in enumerate(shares):
        windows.append(drift(number, share, version=champion))
        open_faults = (fault(number),) if number in faults else ()
        seen = facts(*windows, champion=champion, retrainings=tuple(past), faults=open_faults)
        found = decide(seen, rules, week(number))
        told.append((seen, week(number), found))
        if found.action == "retrain":
            outcome = outcomes[len(past) % len(outcomes)]
            state = "succeeded" if outcome == "promoted" else outcome
            version = 2 + len(past) if state == "succeeded" else None
            past.append(RetrainingSeen(week(number), state, champion, week(number), version))
            champion = version if outcome == "promoted" and version else champion
    return told


@given(shares, outcomes, policies, st.sets(st.integers(0, 40)))
def test_never_above_the_budget_of_a_quarter(shares, outcomes, rules, faults):
    told = live(shares, outcomes, rules, faults=faults)

    used = Counter((at.year, (at.month - 1) // 3) for _, at, d in told if d.action == "retrain")
    assert all(count <= rules.max_per_quarter for count in used.values())


@given(shares, outcomes, policies)
def test_never_inside_the_cooldown(shares, outcomes, rules):
    times = [at for _, at, d in live(shares, outcomes, rules) if d.action == "retrain"]

    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(gap >= timedelta(days=rules.cooldown_days) for gap in gaps)


@given(shares, outcomes, policies, st.sets(st.integers(0, 40)))
def test_never_during_a_hold(shares, outcomes, rules, faults):
    rules = rules.model_copy(update={"hold_on_data_fault": True})

    for seen, _, found in live(shares, outcomes, rules, faults=faults):
        assert (found.action == "hold") == bool(seen.faults)


@given(st.integers(1, 40), policies)
def test_one_lasting_cause_is_one_retraining(length, rules):
    rules = rules.model_copy(update={"cadence_days": None, "max_per_quarter": 99})

    told = live([1.0] * length, ["succeeded"], rules)

    assert sum(d.action == "retrain" for _, _, d in told) <= 1


@given(shares, outcomes, policies, st.sets(st.integers(0, 40)))
def test_stored_facts_replay_to_the_identical_decision(shares, outcomes, rules, faults):
    for seen, at, found in live(shares, outcomes, rules, faults=faults):
        stored = json.loads(json.dumps(to_json(seen)))

        assert from_json(stored) == seen
        assert decide(from_json(stored), type(rules)(**rules.model_dump()), at) == found


@given(shares, outcomes, policies, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(shares, outcomes, rules, random):
    for seen, at, found in live(shares, outcomes, rules):
        mixed = random.sample(seen.windows, len(seen.windows))

        assert decide(replace(seen, windows=tuple(mixed)), rules, at) == found


@settings(max_examples=50)
@given(shares, st.floats(0, 1), policies)
def test_every_decision_says_why_in_whole_sentences(shares, value, rules):
    windows = [drift(n, share) for n, share in enumerate(shares)]

    found = decide(facts(*windows, scored(0, value)), rules, week(len(shares)))

    assert found.reasons
    assert all(reason[0].isupper() and reason.endswith(".") for reason in found.reasons)
    json.dumps(found.inputs)


def test_only_at_tells_the_time():
    names = {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute)
    }

    assert not names & {"now", "utcnow", "today", "time"}
    assert decide(facts(drift(0, 0)), policy(), START) == decide(
        facts(drift(0, 0)), policy(), START
    )
