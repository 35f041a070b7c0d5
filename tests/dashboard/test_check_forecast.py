"""How many false alarms a check would have stands beside its form, before anything is saved."""

import pytest

from monitoring.models import Analysis, Check
from registry import clock
from tests.dashboard.reading import text
from tests.dashboard.test_forms import DRIFT

pytestmark = pytest.mark.django_db
RESULT = {
    "false_alarms_a_week": 0.05,
    "crossing_share": 0.1,
    "crossing_share_at_most": 0.15,
    "windows": 200,
    "rows": 1000,
    "by_column": [{"feature": "income", "share": 0.08}],
    "left_out": [],
}


def ask(ana):
    return text(ana.post("/m/card-fraud/checks/new/?kind=data", {**DRIFT, "by": "forecast"}))


def test_a_draft_is_asked_about_and_not_saved(ana):
    page = ask(ana)

    asked = Analysis.objects.get()
    assert (asked.kind, asked.body["check"]) == ("forecast", DRIFT["key"])
    assert asked.body["spec"]["source"]
    assert not Check.objects.filter(slug=DRIFT["key"]).exists()
    assert "Press the button again" in page
    assert f'value="{DRIFT["key"]}"' in page


def test_the_figures_are_told_in_sentences(ana):
    ask(ana)
    Analysis.objects.update(finished_at=clock.now(), result=RESULT)

    page = ask(ana)

    assert Analysis.objects.count() == 1
    assert "False alarms to expect: about one in 20 weeks." in page
    assert "Of 200 windows of 1,000 rows that only chance had moved, 10" in page
    assert "Most often: income (8" in page


def test_a_draft_that_cannot_be_is_told_beside_its_field(ana):
    body = {**DRIFT, "by": "forecast", "key": "Not A Slug"}

    page = text(ana.post("/m/card-fraud/checks/new/?kind=data", body), 400)

    assert not Analysis.objects.exists()
    field = page[page.index('id="f-key"') :]
    assert "Lower-case" in field[:600] or "slug" in field[:600]
