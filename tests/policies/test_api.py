"""Policies, trainers and what they led to, over the API."""

import json

import pytest

from policies.compliance.controls import CONTROLS
from policies.compliance.evaluation import evaluate_due as evaluate_controls
from policies.models import PolicyVersion, RetrainingPolicy, Trainer
from policies.releases.evaluation import evaluate_due as evaluate_gates
from policies.retraining.decisions import decide_pending
from registry.models import AuditEvent, ModelUse
from tests.policies.factories import SECRET, SPEC, START, drifting, week
from tests.policies.factories import policy as make_policy
from tests.policies.factories import trainer as make_trainer
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.policies.urls")]
TRAINER = {"business_unit": "fraud", "url": "https://trainer.example.com/go", "secret": SECRET}
POLICY = {"business_unit": "fraud", "selector": {"business_unit": "fraud"}, "spec": SPEC}


@pytest.fixture
def fraud_trainer(people):
    return make_trainer(people.fraud)


def test_a_trainer_is_made_and_changed_and_never_shows_its_secret(people):
    pat = Caller(people.pat)

    made = pat.put("trainers/retrainer/", TRAINER)
    again = pat.put("trainers/retrainer/", {"url": "https://other.example.com/go"})

    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == {
        "slug": "retrainer",
        "business_unit": "fraud",
        "url": "https://other.example.com/go",
    }
    assert Trainer.objects.get().secret == SECRET
    events = AuditEvent.objects.filter(object_type="trainer").order_by("pk")
    assert [event.action for event in events] == ["trainer.created", "trainer.changed"]
    assert SECRET not in json.dumps([[event.before, event.after] for event in events])
    assert pat.get("trainers/").json()["results"] == [again.json()]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"url": "ftp://x.example.com"}, "/url"),
        ({"url": "http://x.example.com"}, "/url"),
        ({"url": "https://me:pw@x.example.com"}, "/url"),
        ({"url": "https://x.example.com:notaport"}, "/url"),
        ({"url": "https://" + "x" * 600}, "/url"),
        ({"secret": "short"}, "/secret"),
        ({"secret": ""}, "/secret"),
        ({"business_unit": "nowhere"}, "/business_unit"),
        ({"key": "x"}, "/key"),
    ],
)
def test_a_trainer_that_cannot_be_is_refused_by_field(people, wrong, named):
    assert pointers(Caller(people.pat).put("trainers/t/", {**TRAINER, **wrong})) == [named]
    assert not Trainer.objects.exists()


def test_who_may_make_trainers(people, fraud_trainer):
    assert Caller(people.ana).put("trainers/another/", TRAINER).status_code == 403
    assert Caller(people.chris).put("trainers/retrainer/", {}).status_code == 404
    assert Caller(people.chris).get("trainers/retrainer/").status_code == 404


def test_a_policy_is_made_once_and_versioned_when_it_changes(people, fraud_trainer):
    ana = Caller(people.ana)

    made = ana.put("policies/standard/", POLICY)
    same = ana.put("policies/standard/", POLICY)
    changed = ana.put("policies/standard/", {"spec": {**SPEC, "cooldown_days": 30}}, If_Match="*")

    assert [r.status_code for r in (made, same, changed)] == [201, 200, 200]
    assert [r.json()["version"] for r in (made, same, changed)] == [1, 1, 2]
    assert changed.json()["selector"] == {"business_unit": "fraud"}
    assert changed.json()["spec"]["cooldown_days"] == 30
    assert changed.json()["changed_by"] == "ana@example.com"
    assert PolicyVersion.objects.count() == 2
    actions = AuditEvent.objects.filter(object_type="retrainingpolicy").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["policy.created", "policy.changed"]
    assert ana.get("policies/standard/").json() == changed.json()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"spec": {}}, ["/spec"]),
        ({"spec": {**SPEC, "cooldown_days": -1}}, ["/spec/cooldown_days"]),
        ({"spec": {**SPEC, "trainer": "nobody"}}, ["/spec/trainer"]),
        ({"spec": {**SPEC, "blackout": 1}}, ["/spec/blackout"]),
        ({"selector": {"models": ["card-fraud", "nothing"]}}, ["/selector/models/1"]),
        ({"selector": {"tier_at_most": 9}}, ["/selector/tier_at_most"]),
        ({"selector": {"business_unit": "retail"}}, ["/selector/business_unit"]),
        ({"selector": {"business_unit": "nowhere"}}, ["/selector/business_unit"]),
        ({"business_unit": "retail"}, ["/business_unit"]),
        ({"business_unit": 7}, ["/business_unit"]),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_field(people, fraud_trainer, wrong, named):
    assert pointers(Caller(people.ana).put("policies/p/", {**POLICY, **wrong})) == named
    assert not RetrainingPolicy.objects.exists()


def test_a_unit_cannot_use_another_units_trainer(people):
    make_trainer(people.retail, "theirs")

    found = Caller(people.ana).put("policies/p/", {**POLICY, "spec": {**SPEC, "trainer": "theirs"}})

    assert pointers(found) == ["/spec/trainer"]


def test_who_may_write_policies(people, fraud_trainer):
    fleet = {"selector": {}, "spec": SPEC}

    assert Caller(people.ben).put("policies/p/", POLICY).status_code == 403
    assert Caller(people.ana).put("policies/p/", fleet).status_code == 403
    assert Caller(people.pat).put("policies/p/", fleet).status_code == 201
    assert Caller(people.ana).put("policies/p/", {"spec": SPEC}).status_code == 403


def test_another_units_policy_is_not_there(people, fraud_trainer):
    make_policy("ours", unit=people.fraud)
    chris = Caller(people.chris)

    assert chris.get("policies/ours/").status_code == 404
    assert chris.put("policies/ours/", {"spec": SPEC}).status_code == 404
    assert chris.get("policies/").json()["results"] == []


def test_a_fleet_policy_hides_the_models_of_other_units(people):
    make_policy("fleet", selector={"models": ["card-fraud"]})

    def selector(who):
        return Caller(who).get("policies/fleet/").json()["selector"]

    assert selector(people.ana) == {"models": ["card-fraud"]}
    assert selector(people.chris) == {"models": []}


def test_a_policy_stays_in_its_unit(people, fraud_trainer):
    make_policy("ours", unit=people.fraud)

    found = Caller(people.pat).put("policies/ours/", {"business_unit": "retail"})

    assert pointers(found) == ["/business_unit"]


@pytest.fixture
def decided(people, fraud_trainer):
    make_policy(unit=people.fraud)
    drifting(people.model)
    decide_pending(at=week(3), seconds=30)
    return people


def test_decisions_and_jobs_are_listed_with_their_reasons_and_facts(decided):
    ana = Caller(decided.ana)

    (row,) = ana.get("decisions/?model=card-fraud&action=retrain,hold").json()["results"]
    (job,) = ana.get("jobs/?state=requested").json()["results"]

    assert (row["model"], row["policy"], row["action"]) == ("card-fraud", "standard@1", "retrain")
    assert row["facts"]["seen"]["champion"] == 1
    assert row["job"] == job["uuid"]
    assert job["reason"] == row["reasons"][0]
    assert ana.get("models/card-fraud/decisions/").json()["results"] == [row]
    assert ana.get("decisions/?action=none").json()["results"] == []


def test_others_see_none_of_it(decided):
    chris = Caller(decided.chris)

    assert chris.get("decisions/").json()["results"] == []
    assert chris.get("jobs/").json()["results"] == []
    for part in ("decisions", "gates", "controls"):
        assert chris.get(f"models/card-fraud/{part}/").status_code == 404


@pytest.mark.parametrize("address", ["decisions/?action=dance", "jobs/?state=lost"])
def test_a_filter_that_cannot_match_is_refused(people, address):
    name = address.partition("?")[2].partition("=")[0]

    assert pointers(Caller(people.ana).get(address)) == [f"/{name}"]


def test_gates_and_controls_of_a_model(people):
    ModelUse.objects.create(model=people.model, purpose="x", is_default=True)
    evaluate_gates(at=START, seconds=30)
    evaluate_controls(at=START, seconds=30)
    ana = Caller(people.ana)

    gates = ana.get("models/card-fraud/gates/").json()["results"]
    controls = ana.get("models/card-fraud/controls/").json()["results"]

    assert (gates[0]["version"], gates[0]["gate"]) == (1, "explainability")
    assert len(gates) == 5
    assert {row["result"] for row in gates} <= {"unknown", "failed"}
    assert [row["control"] for row in controls] == sorted(CONTROLS)
    watch = next(row for row in controls if row["control"] == "MON-02")
    assert watch["title"] == "The monitor itself is alive"
    assert watch["reason"] == "The model is unmonitored: no check looks at it."
    assert watch["mend"].startswith("PUT /api/v1/models/")


def test_a_token_is_needed(people):
    caller = Caller(people.ana)
    caller.headers = {}

    assert caller.get("policies/").status_code == 401
