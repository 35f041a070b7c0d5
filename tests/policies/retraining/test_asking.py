"""A person asks for a retraining: what stands in the way, and what an override gets past."""

import pytest

from monitoring.models import AlertNote
from policies.models import Decision, Job, Trainer
from policies.retraining import asking
from policies.retraining.decisions import decide_pending
from registry.access import NotAllowed
from registry.models import AuditEvent
from registry.problems import Invalid
from tests import cast
from tests.cast import acting, bearer
from tests.policies.factories import alert, check, drifting, policy, run, trainer, week

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return cast.cast()


@pytest.fixture
def model(people):
    trainer(people.fraud)
    return people.model


def ask(who, model, **more):
    given = {"reason": "The campaign is over", "at": week(3), **more}
    return asking.ask(acting(who), model, **given)


def faulty(model):
    watch = check(model)
    run(watch, 1, "data_fault", reason="income: 40 % are empty")
    return watch


def refused(error):
    return [(one.pointer, one.code) for one in error.value.errors]


def test_whoever_asks_stands_in_the_decision_the_job_and_the_audit(people, model):
    policy(unit=people.fraud)
    note_on = alert(drifting(model).windows.order_by("-start").first().runs.get())

    row = ask(people.ben, model)

    assert (row.action, row.asked_by, row.job.state) == ("retrain", people.ben, "requested")
    assert row.reasons == ["Ben asks for it: The campaign is over"]
    assert "Ben asks for it" in AlertNote.objects.get(alert=note_on).text
    event = AuditEvent.objects.get(action="retraining.asked")
    assert (event.actor, event.reason) == (people.ben, "The campaign is over")


def test_a_hold_is_overridden_by_who_may_edit_policies_and_says_what_was_overridden(people, model):
    policy(unit=people.fraud)
    faulty(model)

    with pytest.raises(Invalid) as error:
        ask(people.ana, model)
    assert refused(error) == [("/override", "held")]
    assert "on hold" in error.value.errors[0].detail
    with pytest.raises(NotAllowed):
        ask(people.ben, model, override=True)
    assert not Decision.objects.exists()
    assert not Job.objects.exists()

    row = ask(people.ana, model, override=True, reason="The empty column is not used any more")

    assert row.reasons[0] == "Ana asks for it: The empty column is not used any more"
    assert row.reasons[1].startswith("Overridden: Retraining is on hold")
    assert row.facts["inputs"]["overridden"], "a replay must show what was overridden"
    assert AuditEvent.objects.get().action == "retraining.overridden"


def test_cooldown_and_a_retraining_under_way_are_told_apart(people, model):
    policy(unit=people.fraud, cooldown_days=14)
    drifting(model)
    first = ask(people.ana, model)

    with pytest.raises(Invalid) as error:
        ask(people.ana, model, override=True)
    assert refused(error) == [("/", "impossible")], "one is on its way; a second is never started"

    Job.objects.filter(decision=first).update(state="failed")
    with pytest.raises(Invalid) as error:
        ask(people.ana, model)
    assert "cooldown" in error.value.errors[0].detail
    assert ask(people.ana, model, override=True).action == "retrain"


@pytest.mark.parametrize("case", ["no policy", "no trainer", "gone"])
def test_what_cannot_be_done_no_override_gets_past(people, model, case):
    if case != "no policy":
        policy(unit=people.fraud)
    if case == "no trainer":
        Trainer.objects.all().delete()
    if case == "gone":
        model.lifecycle = "decommissioned"
        model.save(update_fields=["lifecycle"])

    with pytest.raises(Invalid) as error:
        ask(people.ana, model, override=True)

    assert refused(error) == [("/", "impossible")]
    assert not Decision.objects.exists()


def test_without_a_reason_nothing_is_asked(people, model):
    policy(unit=people.fraud)
    with pytest.raises(Invalid) as error:
        ask(people.ana, model, reason="  ")
    assert refused(error) == [("/reason", "required")]


def test_the_verdict_that_comes_after_waits_for_the_answer(people, model):
    policy(unit=people.fraud)
    drifting(model)
    ask(people.ana, model)
    decide_pending(at=week(4), seconds=30)

    newest = Decision.objects.order_by("-pk")[0]
    assert (newest.action, newest.asked_by) == ("wait", None)


def test_a_token_asks_but_never_overrides(client, people, model):
    policy(unit=people.fraud)
    watch = faulty(model)
    key = f"/api/v1/models/{model.slug}/retraining/"
    who = bearer(people.ana)

    seen = client.get(key, headers=who).json()
    assert (seen["policy"], seen["can_ask"], len(seen["held"])) == ("standard@1", False, 1)

    def post(**body):
        return client.post(key, body, content_type="application/json", headers=who)

    answer = post(reason="Now", override=True)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/override")
    assert post(reason="").status_code == 400
    run(watch, 2, "ok")
    made = post(reason="The feed is mended")
    assert (made.status_code, made.json()["asked_by"]) == (201, people.ana.email)
