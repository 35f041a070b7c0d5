"""Control results as rows: one a change and one a night."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from policies.compliance.controls import CONTROLS
from policies.compliance.evaluation import evaluate_due, latest_results
from policies.models import ControlResult
from registry.models import ModelUse, TierAssessment
from tests.factories import PersonFactory, tracked_model
from tests.policies.factories import alert, check, run, week

pytestmark = pytest.mark.django_db
AT = week(1) + timedelta(hours=3)
ANSWERS = dict.fromkeys(
    ("exposure", "purpose", "harm", "method", "data", "change", "build", "bias", "reliance"), 1
)


def evaluate(at=AT):
    return evaluate_due(at=at, seconds=30)


@pytest.fixture
def model():
    made = tracked_model(
        slug="card-fraud",
        tier=2,
        deputy=PersonFactory.create(),
        description="A tree",
        jurisdictions=["US"],
        mlflow_name="card-fraud",
        tier_answers=ANSWERS,
    )
    ModelUse.objects.create(model=made, purpose="x", is_default=True)
    TierAssessment.objects.create(
        model=made, answers=ANSWERS, rule_version="2026.1", tier=2, reasons=[], at=AT
    )
    return made


def results(model):
    return {control: row.result for control, row in latest_results(model).items()}


def test_every_control_of_the_catalogue_gets_a_row_with_reason_and_facts(model):
    watched = check(model, segments=["region"])
    run(watched, 0, "ok")
    run(watched, 1, "drift", drifted=2)
    quality = check(model, "performance", "performance", metrics=[{"name": "f1", "limit": 0.5}])
    run(quality, 0, "breach", reason="f1 is 0.4", metrics={"f1": (0.4, "min", 0.5)})

    assert evaluate() == len(CONTROLS)

    found = results(model)
    assert {c: found[c] for c in ("INV-02", "INV-03", "CLS-02", "DAT-03", "MON-01")} == {
        "INV-02": "failed",  # most of the record is still to be written
        "INV-03": "satisfied",
        "CLS-02": "satisfied",
        "DAT-03": "satisfied",
        "MON-01": "satisfied",
    }
    assert {c: found[c] for c in ("REL-04", "MON-03", "MON-04", "CHG-02", "DEV-02")} == {
        "REL-04": "failed",
        "MON-03": "unknown",  # no segment had enough rows
        "MON-04": "failed",
        "CHG-02": "not_applicable",
        "DEV-02": "unknown",  # the run has not been read
    }
    row = latest_results(model)["MON-04"]
    assert row.reason == "The window of 2026-08-17 missed its limit: f1 is 0.4."
    assert row.catalogue_version == "2026.1"
    assert latest_results(model)["DAT-03"].holds_until == week(1) + timedelta(days=16)


def test_an_unmonitored_model_fails_what_watches(model):
    evaluate()

    found = results(model)
    assert {found[c] for c in ("DAT-03", "MON-01", "MON-02", "MON-03", "MON-04")} == {"failed"}


def test_nothing_new_writes_nothing_and_a_night_writes_everything(model):
    assert evaluate() == len(CONTROLS)
    assert evaluate() == 0
    assert evaluate(AT + timedelta(hours=2)) == 0
    assert evaluate(AT + timedelta(days=1)) == len(CONTROLS)


def test_a_change_writes_only_what_changed_and_keeps_what_was(model):
    evaluate()
    model.owner.is_active = False
    model.owner.save(update_fields=["is_active"])

    evaluate(AT + timedelta(hours=2))

    rows = ControlResult.objects.filter(model=model)
    history = rows.filter(control="INV-03").order_by("pk").values_list("result", flat=True)
    assert list(history) == ["satisfied", "failed"]
    assert rows.filter(control="INV-02").count() == 1


def test_an_incident_nobody_takes_up_fails_when_its_time_is_over(model):
    watched = check(model)
    opened = alert(run(watched, 0, "drift"))
    evaluate(opened.opened_at)
    assert results(model)["MON-05"] == "satisfied"

    evaluate(opened.opened_at + timedelta(days=8))

    assert results(model)["MON-05"] == "failed"


def test_rows_cannot_be_changed(model):
    evaluate()

    with pytest.raises(DatabaseError), transaction.atomic():
        ControlResult.objects.update(result="satisfied")
