"""A policy is made and changed on pages; whom it is for is said, never left to silence."""

import pytest
import yaml

from policies.models import PolicyVersion, RetrainingPolicy
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db


POLICY = {
    "business_unit": "fraud",
    "whom": "all",
    "drift.at_least": "0.3",
    "drift.windows": "2",
    "drift.of": "4",
    "spec.cadence_days": "60",
    "spec.cooldown_days": "7",
    "spec.hold_on_data_fault": "on",
    "spec.trainer": "fleet",
}


def test_a_policy_is_made_and_changed_by_form_and_text(ana):
    made = ana.post("/policies/new/", {"key": "mine", **POLICY})
    formed = ana.post(
        "/policies/mine/", {**POLICY, "drop.metric": "roc_auc", "drop.at_least": "0.1"}
    )
    spec = PolicyVersion.objects.filter(policy__slug="mine").order_by("-number").first().spec
    assert (made.status_code, formed.status_code) == (302, 302)
    assert [s["signal"] for s in spec["signals"]] == ["drift_share", "metric_drop"]

    body = yaml.safe_dump({"selector": {"task": "ranking"}, "spec": spec})
    texted = ana.post("/policies/mine/", {"by": "text", "text": body})

    assert texted.status_code == 302
    page = text(ana.get("/policies/mine/"))
    assert "For ranking." in page
    assert "Retrain when 30 % of the columns drifted in 2 of 4 windows." in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"whom": ""}, "It has to be said whom the policy is for"),
        ({"whom": "some"}, "Nothing below says which models fit"),
        ({"whom": "all", "selector.task": "ranking"}, "All models, and yet only: task ranking"),
    ],
)
def test_whom_a_policy_is_for_has_to_be_said(ana, given, told):
    page = text(ana.post("/policies/new/", {"key": "mine", **POLICY, **given}), 400)

    field = page[page.index('id="f-whom"') : page.index('id="f-selector-models"')]
    assert told in field
    assert not RetrainingPolicy.objects.filter(slug="mine").exists()


def test_nothing_is_chosen_for_a_new_policy_that_a_person_has_to_choose(ana):
    page = text(ana.get("/policies/new/"))

    for start, end in (("f-whom", "f-selector-models"), ("f-spec-trainer", "</select>")):
        field = page[page.index(f'id="{start}"') :]
        assert "selected" not in field[: field.index(end)]


def test_a_policy_without_a_trainer_keeps_none(ana):
    data = {key: value for key, value in POLICY.items() if key != "spec.trainer"}
    ana.post("/policies/new/", {"key": "mine", **data, "spec.trainer": ""})

    ana.post("/policies/mine/", {**data, "spec.cooldown_days": "8", "spec.trainer": ""})

    newest = PolicyVersion.objects.filter(policy__slug="mine").latest("number")
    assert newest.number == 2
    assert "trainer" not in newest.spec


def test_a_policy_that_cannot_be_is_told_at_the_field(ana):
    page = text(ana.post("/policies/new/", {"key": "mine", **POLICY, "drift.at_least": "7"}), 400)

    field = page[page.index('id="f-drift-at_least"') : page.index('id="f-drift-windows"')]
    assert 'class="wrong"' in field
    assert not RetrainingPolicy.objects.filter(slug="mine").exists()


def test_text_that_is_no_yaml_is_told(ana):
    page = text(ana.post("/policies/drift-standard/", {"by": "text", "text": "a: [b"}), 400)

    assert 'class="wrong"' in page
