"""Decisions as rows: once each, with what follows, and nothing doubled by replaying history."""

import pytest

from monitoring.models import AlertNote
from policies.models import Decision, Job, PolicyVersion
from policies.retraining.decide import decide
from policies.retraining.decisions import decide_pending
from policies.retraining.seen import from_json
from policies.retraining.specs import PolicySpec
from registry.models import AuditEvent
from tests.factories import RegisteredModelFactory, tracked_model
from tests.policies.factories import START, alert, check, drifting, policy, run, trainer, week

pytestmark = pytest.mark.django_db


def decide_all(at):
    return decide_pending(at=at, seconds=30)


def actions():
    return list(Decision.objects.order_by("pk").values_list("action", flat=True))


@pytest.fixture
def model():
    made = tracked_model(slug="card-fraud")
    trainer(made.unit)
    return made


def test_a_drifting_model_gets_a_decision_a_job_a_note_and_an_audit_event(model):
    policy(unit=model.unit)
    drifting(model)
    note_on = alert(model.checks.get().windows.order_by("-start").first().runs.get())

    assert decide_all(week(3)) == 1

    decision = Decision.objects.get()
    assert decision.action == "retrain"
    assert decision.reasons[0].startswith("Check 'inputs' shows a drift share of at least 20%")
    assert decision.job.state == "requested"
    assert decision.job.requested_at == decision.job.due_at == week(3)
    note = AlertNote.objects.get(alert=note_on, kind="retraining")
    assert note.text.startswith("Retraining was requested. Check 'inputs'")
    event = AuditEvent.objects.get(action="retraining.requested")
    assert (event.actor_label, event.after["policy"]) == ("retraining", "standard@1")


def test_stored_facts_give_the_stored_decision_again(model):
    version = policy(unit=model.unit)
    drifting(model)
    decide_all(week(3))

    stored = Decision.objects.get()
    again = decide(
        from_json(stored.facts["seen"]), PolicySpec.model_validate(version.spec), stored.at
    )

    assert (again.action, list(again.reasons)) == (stored.action, stored.reasons)
    assert again.inputs == stored.facts["inputs"]


def test_deciding_twice_decides_once(model):
    policy(unit=model.unit)
    drifting(model)

    assert (decide_all(week(3)), decide_all(week(3))) == (1, 0)


def test_thirteen_drifting_windows_judged_in_a_row_are_one_retraining(model):
    policy(unit=model.unit)
    watched = check(model)
    version = model.source_models.get().versions.get()
    for number in range(13):
        run(watched, number, "drift", drifted=4, version=version, finished_at=week(13))
        decide_all(week(14))

    assert Job.objects.count() == 1
    assert actions().count("retrain") == 1
    assert actions()[-1] == "wait"


def test_a_retraining_that_came_back_is_not_asked_for_again_by_the_same_cause(model):
    policy(unit=model.unit, cooldown_days=0)
    watched = drifting(model)
    decide_all(week(3))
    source = model.source_models.get()
    new = source.versions.create(number=2, created_at=week(3), first_seen_at=week(3))
    Job.objects.update(state="succeeded", result_version=new)
    run(watched, 3, "drift", drifted=2, version=source.versions.get(number=1))

    decide_all(week(4))

    assert actions() == ["retrain", "wait"]
    assert "version 2 came of it and waits" in Decision.objects.latest("pk").reasons[0]


def test_windows_still_being_judged_are_waited_for_but_not_for_ever(model):
    policy(unit=model.unit)
    watched = drifting(model)
    run(watched, 3, "queued")

    assert decide_all(week(2)) == 0

    assert decide_all(week(4)) == 1
    assert actions() == ["wait"]


def test_an_open_data_fault_holds_and_its_end_releases(model):
    policy(unit=model.unit)
    watched = drifting(model)
    broken = run(watched, 3, "data_fault", reason="column 'age' is missing")
    told = alert(broken, "data_fault")

    decide_all(week(4))

    assert actions() == ["hold"]
    assert AlertNote.objects.get(alert=told).text.startswith(
        "Retraining is on hold: check 'inputs'"
    )
    assert AuditEvent.objects.filter(action="retraining.held").count() == 1
    told.state = "resolved"
    told.save(update_fields=["state"])
    run(watched, 4, "ok")
    decide_all(week(5))
    assert AuditEvent.objects.filter(action="retraining.released").count() == 1
    assert AlertNote.objects.count() == 1


def test_a_fault_without_an_alert_holds_too(model):
    policy(unit=model.unit)
    run(drifting(model), 3, "source_fault", reason="the folder is gone")

    decide_all(week(4))

    assert actions() == ["hold"]


def test_a_metric_drop_is_read_from_the_readings_of_the_performance_check(model):
    signal = {"signal": "metric_drop", "metric": "roc_auc", "at_least": 0.05, "windows": 1, "of": 1}
    policy(unit=model.unit, signals=[signal])
    version = model.source_models.get().versions.get()
    version.metrics = {"roc_auc": {"value": "0.80", "at": START.isoformat()}}
    version.save(update_fields=["metrics"])
    watched = check(model, "performance", "performance")
    run(watched, 0, "ok", version=version, metrics={"roc_auc": (0.75, "min", 0.7)})

    decide_all(week(1))

    assert actions() == ["retrain"]
    assert "0.75 against 0.8" in Decision.objects.get().reasons[0]


def test_the_policy_that_names_the_model_wins(model):
    policy("fleet", max_per_quarter=0)
    policy("named", unit=model.unit, selector={"models": [model.slug]})
    drifting(model)

    decide_all(week(3))

    assert Decision.objects.get().policy_version.policy.slug == "named"


def test_a_new_version_of_the_policy_decides_anew(model):
    first = policy(unit=model.unit, max_per_quarter=0)
    drifting(model)
    decide_all(week(3))

    PolicyVersion.objects.create(
        policy=first.policy,
        number=2,
        selector={},
        spec={**first.spec, "max_per_quarter": 1},
        at=week(3),
    )
    decide_all(week(3))

    assert actions() == ["wait", "retrain"]


def test_a_policy_that_cannot_be_read_stops_nobody_else(model):
    policy("broken", signals=[{"signal": "feeling"}])
    policy("sound", unit=model.unit)
    drifting(model)

    assert decide_all(week(3)) == 1


def test_without_a_policy_or_a_verdict_nothing_is_decided(model):
    drifting(model)
    assert decide_all(week(3)) == 0

    policy("fleet")
    RegisteredModelFactory.create()
    assert decide_all(week(3)) == 1


def test_no_time_no_decisions(model):
    policy(unit=model.unit)
    drifting(model)

    assert decide_pending(at=week(3), seconds=0) == 0
