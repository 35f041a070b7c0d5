"""Each gate: what lets pass, and every way not to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.models.releases import Result
from policies.releases.gates import GATES
from policies.releases.seen import GateFacts
from policies.results import Finding
from tests.policies.releases.scenes import GROUPS, OOT, PROOF, gate_facts, version


def result(gate: str, **spoiled) -> str:
    return GATES[gate](gate_facts(**spoiled)).result


def oot(**spoiled):
    return {"documents": {"muster/oot.json": {**OOT, **spoiled}}}


@pytest.mark.parametrize("gate", GATES)
def test_a_whole_version_passes(gate):
    assert GATES[gate](gate_facts()).result == "satisfied"


@pytest.mark.parametrize("gate", ["out_of_time", "fairness", "explainability"])
def test_a_missing_document_is_unknown_with_the_command_that_logs_it(gate):
    found = GATES[gate](gate_facts(documents=dict.fromkeys(version().documents)))

    assert found.result == "unknown"
    assert "mlflow.log_dict(" in found.mend


EMPTY = {
    "documents": dict.fromkeys(version().documents),
    "files": (),
    "digest": "",
    "git_commit": "",
}


@pytest.mark.parametrize("gate", ["out_of_time", "fairness", "explainability", "reproducibility"])
@pytest.mark.parametrize("why", [{"evidence_fault": "timed out"}, {"evidence_read": False}])
def test_a_run_that_could_not_be_read_is_unknown_never_satisfied(gate, why):
    found = GATES[gate](gate_facts(**EMPTY, **why))

    assert found.result == "unknown"
    assert "could not be read fully: timed out." in found.reason or "not been read" in found.reason


@pytest.mark.parametrize("gate", GATES)
def test_a_fault_elsewhere_in_the_run_does_not_hide_what_is_there(gate):
    assert result(gate, evidence_fault="model/huge.bin: too large") == "satisfied"


@pytest.mark.parametrize(
    "spoiled",
    [
        {"value": 0.7},
        {"value": "NaN"},
        {"value": None},
        {"limit": None},
        {"direction": "up"},
        {"limit_set_at": None},
        {"limit_set_at": "2026-08-02T00:00:00Z"},
        {"oot_start": "2026-06-30T00:00:00Z"},
        {"train_end": "last week"},
    ],
)
def test_out_of_time_fails(spoiled):
    assert result("out_of_time", **oot(**spoiled)) == "failed"


def test_out_of_time_knows_metrics_that_must_be_small():
    assert result("out_of_time", **oot(direction="max", value=0.7)) == "satisfied"


def test_a_de_minimis_model_is_not_asked():
    assert result("out_of_time", tier=4) == "not_applicable"
    assert result("explainability", tier=4) == "not_applicable"


def groups(*rows, **spoiled):
    return {
        "documents": {
            "muster/groups.json": {"sex": [{"group": g, "n": n, "selected": s} for g, n, s in rows]}
        },
        **spoiled,
    }


def test_a_ratio_below_the_limit_fails_and_tells_ratio_and_significance():
    found = GATES["fairness"](gate_facts(**groups(("f", 1000, 200), ("m", 1000, 400))))

    assert found.result == "failed"
    assert "ratio 0.500, p = " in found.reason


def test_a_small_group_is_named_and_not_compared():
    found = GATES["fairness"](gate_facts(**groups(("f", 900, 300), ("m", 900, 310), ("x", 6, 0))))

    assert found.result == "satisfied"
    assert "x too few to compare" in found.reason


@pytest.mark.parametrize(
    "spoiled",
    [
        groups(("f", 10, 3), ("m", 1000, 300)),
        groups(("f", 1000, 300)),
        groups(("f", 100, 300), ("m", 100, 30)),
        {"documents": {"muster/groups.json": ["f", "m"]}},
        {"tags": {"muster.limits_set_at": "2026-07-01T00:00:00Z"}},
    ],
)
def test_fairness_that_cannot_be_told_is_unknown(spoiled):
    assert result("fairness", **spoiled) == "unknown"


@pytest.mark.parametrize("set_at", ["2026-08-02T00:00:00Z", "soon", None])
def test_a_fairness_limit_not_dated_before_the_run_is_not_accepted(set_at):
    tags = {"muster.fairness_limit": "0.8", "muster.limits_set_at": set_at}

    assert result("fairness", tags=tags) == "failed"


def test_fairness_is_not_asked_of_models_that_judge_no_people():
    without = {"muster/groups.json": None}

    assert result("fairness", judges_people=False, documents=without) == "not_applicable"
    assert result("fairness", judges_people=None, documents=without) == "unknown"
    assert result("fairness", judges_people=False, documents={"muster/groups.json": GROUPS})


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"age": 0.9, "income": 0.9}, "failed"),
        ({"age": 1.1, "income": -0.1}, "failed"),
        ({"age": 1.0}, "failed"),
        ({"age": "high", "income": 1.0}, "failed"),
        ({"age": 0.5, "income": 0.5, "derived": 0.0}, "satisfied"),
    ],
)
def test_importances(shares, expected):
    assert result("explainability", documents={"muster/importance.json": shares}) == expected


def test_importances_without_a_signature_cannot_be_checked_for_completeness():
    assert result("explainability", inputs=None) == "unknown"


@pytest.mark.parametrize(
    ("spoiled", "named"),
    [
        ({"git_commit": ""}, "git commit"),
        ({"dataset_digests": ()}, "dataset"),
        ({"files": ("model/MLmodel",)}, "environment"),
        ({"params": 0}, "parameters"),
        ({"inputs": None}, "signature"),
        ({"run_id": ""}, "the run"),
    ],
)
def test_reproducibility_names_what_is_missing_and_how_to_record_it(spoiled, named):
    found = GATES["reproducibility"](gate_facts(**spoiled))

    assert found.result == "failed"
    assert named in found.reason
    assert found.mend


def proof(**spoiled):
    return {"documents": {"muster/rollback.json": {**PROOF, **spoiled}}}


@pytest.mark.parametrize(
    ("spoiled", "expected"),
    [
        ({"keep_previous": False}, "failed"),
        ({"previous": version(1, deleted=True)}, "failed"),
        ({"previous": version(1, files=())}, "failed"),
        ({"previous": version(1, digest="")}, "failed"),
        ({"previous": version(1, evidence_fault="gone", digest="")}, "unknown"),
        ({"documents": {"muster/rollback.json": None}}, "unknown"),
        (proof(target=7), "failed"),
        (proof(digest="c" * 64), "failed"),
        (proof(loads="yes"), "failed"),
        (proof(max_difference=0.1), "failed"),
        (proof(max_difference=None), "failed"),
    ],
)
def test_rollback_target(spoiled, expected):
    assert result("rollback_target", **spoiled) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {
        "muster/oot.json": json_values | st.builds(lambda v: {**OOT, "value": v}, json_values),
        "muster/importance.json": json_values,
        "muster/groups.json": json_values | st.builds(lambda v: {"sex": v}, json_values),
        "muster/rollback.json": json_values,
    }
)


@given(documents, st.sampled_from(sorted(GATES)))
def test_whatever_a_run_logs_every_gate_gives_one_of_the_six_results(logged, gate):
    found = GATES[gate](GateFacts(2, True, version(documents=logged), version(1)))

    assert isinstance(found, Finding)
    assert found.result in Result.values
    assert found.reason.endswith((".", ")"))
