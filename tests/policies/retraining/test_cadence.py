"""A cadence that is over leads to a decision although no verdict asks for one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dashboard.pages import model_rules
from policies import serializers
from policies.models import Decision, Job
from policies.retraining import cadence, webhook
from policies.retraining.decide import decide
from policies.retraining.decisions import decide_pending
from policies.retraining.seen import from_json
from policies.retraining.specs import PolicySpec
from registry.models import AuditEvent
from tests.factories import RegisteredModelFactory, tracked_model
from tests.policies.factories import check, policy, run, trainer, week

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TRAINED = week(0)
OVER = TRAINED + 40 * DAY  # a cadence of 30 days with 10 of grace ends here


def decide_all(at):
    return decide_pending(at=at, seconds=30)


def registered(slug="card-fraud", **fields):
    model = tracked_model(slug=slug, **fields)
    type(model).objects.filter(pk=model.pk).update(created_at=TRAINED)
    model.source_models.get().versions.update(created_at=TRAINED)
    return model


@pytest.fixture
def model():
    made = registered()
    trainer(made.unit)
    return made


def monthly(model, **spec):
    return policy(unit=model.unit, cadence_days=30, cadence_grace_days=10, **spec)


def test_a_model_that_nothing_looks_at_is_retrained_when_its_cadence_is_over(model):
    version = monthly(model)

    before, due, again = decide_all(OVER - DAY), decide_all(OVER), decide_all(OVER)

    assert (before, due, again) == (0, 1, 0)
    decision = Decision.objects.get()
    assert (decision.action, decision.trigger_run, decision.cadence_due) == ("retrain", None, OVER)
    assert decision.reasons == [
        "The latest training is 40 days old; the policy asks for one every 30 days."
    ]
    assert decision.job.state == "requested"
    assert AuditEvent.objects.filter(action="retraining.requested").count() == 1
    spec = PolicySpec.model_validate(version.spec)
    replayed = decide(from_json(decision.facts["seen"]), spec, decision.at)
    assert (replayed.action, list(replayed.reasons)) == ("retrain", decision.reasons)


def test_what_is_asked_of_the_trainer_and_shown_needs_no_run(model):
    monthly(model)
    decide_all(OVER)
    decision = Decision.objects.select_related("policy_version__policy").get()

    answer = serializers.decision(decision)
    row = model_rules.decision(model, decision)

    assert webhook.body_of(decision.job)["data_until"] == OVER.isoformat()
    assert (answer.run, answer.cadence_due) == (None, OVER)
    assert (row["run"], row["window"]) == ("", "")
    assert str(decision).endswith(str(OVER))


def test_a_retraining_that_was_asked_for_starts_the_cadence_anew(model):
    monthly(model)
    decide_all(OVER)
    Job.objects.update(state="succeeded")

    soon, later = decide_all(OVER + 39 * DAY), decide_all(OVER + 40 * DAY)

    assert (soon, later) == (0, 1)
    assert list(Decision.objects.order_by("pk").values_list("cadence_due", flat=True)) == [
        OVER,
        OVER + 40 * DAY,
    ]
    assert decide_all(OVER + 40 * DAY) == 0


def test_a_failed_retraining_is_asked_for_again_a_week_later(model):
    monthly(model, cooldown_days=0)
    decide_all(OVER)
    Job.objects.update(state="failed")

    assert decide_all(OVER + 6 * DAY) == 0
    assert decide_all(OVER + 7 * DAY) == 1
    assert list(Decision.objects.values_list("action", flat=True)) == ["retrain", "retrain"]


def test_who_has_to_wait_is_asked_once_a_week(model):
    monthly(model, max_per_quarter=0)

    made = [decide_all(OVER + day * DAY) for day in range(15)]

    assert [day for day, count in enumerate(made) if count] == [0, 7, 14]
    assert set(Decision.objects.values_list("action", flat=True)) == {"wait"}


def test_a_decision_after_a_verdict_answers_the_cadence_too(model):
    monthly(model, max_per_quarter=0)
    run(check(model), 5, finished_at=OVER + DAY)

    assert (decide_all(OVER + 2 * DAY), decide_all(OVER + 3 * DAY)) == (1, 0)
    assert Decision.objects.get().trigger_run is not None


def test_a_verdict_from_before_the_cadence_was_over_does_not_keep_it_silent(model):
    monthly(model)
    run(check(model), 1)
    decide_all(week(2))

    assert decide_all(OVER) == 1
    assert Decision.objects.latest("pk").cadence_due == OVER


def test_an_open_fault_holds_the_cadence_back(model):
    monthly(model)
    run(check(model), 1, "data_fault", reason="column 'age' is missing")
    decide_all(week(2))

    decide_all(OVER)

    assert list(Decision.objects.order_by("pk").values_list("action", flat=True)) == ["hold"] * 2


def test_windows_that_are_being_judged_come_first(model):
    monthly(model)
    run(check(model), 4, "queued")

    assert decide_all(OVER) == 0


def test_models_of_no_cadence_new_ones_and_those_gone_are_left_alone(model):
    monthly(model)
    gone = registered("gone", unit=model.unit, lifecycle="decommissioned")
    new = registered("new", unit=model.unit)
    type(new).objects.filter(pk=new.pk).update(created_at=OVER - DAY / 2)
    elsewhere = registered("elsewhere")
    untied = RegisteredModelFactory.create(unit=model.unit)
    type(untied).objects.filter(pk=untied.pk).update(created_at=TRAINED)

    decide_all(OVER)

    assert list(Decision.objects.values_list("model", flat=True)) == [model.pk]
    assert not gone.decisions.exists() and not elsewhere.decisions.exists()
    assert decide_all(OVER + DAY) == 1  # the new one, once it had a day to be set up


def test_the_database_keeps_one_decision_for_each_time_the_cadence_asks(model):
    monthly(model)
    decide_all(OVER)
    first = Decision.objects.get()
    same = {
        "policy_version": first.policy_version,
        "model": model,
        "action": "wait",
        "reasons": [],
        "facts": {},
        "at": OVER,
    }

    for asked in ({"cadence_due": OVER}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(**same, **asked)


def test_looking_for_what_is_over_takes_the_same_statements_for_many(
    model, django_assert_max_num_queries
):
    monthly(model, max_per_quarter=0)
    for number in range(12):
        registered(f"other-{number}", unit=model.unit)
    assert decide_all(OVER) == 13

    with django_assert_max_num_queries(8):
        assert decide_all(OVER) == 0


@pytest.mark.parametrize(
    ("days", "asked"), [(39, None), (40, 40), (46.9, 40), (47, 47), (400, 397)]
)
def test_a_cadence_asks_when_it_is_over_and_each_week_after(days, asked):
    found = cadence.asked_at(TRAINED, 40 * DAY, TRAINED + days * DAY)

    assert found == (None if asked is None else TRAINED + asked * DAY)
