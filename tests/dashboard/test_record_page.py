"""The record's page: what is there, what is missing, and forms that need no JavaScript."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from registry import clock
from registry.models import RegisteredModel, ScopeDecision, TierOverride
from tests.cast import person
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db
PATH = "/m/card-fraud/"


def record():
    return RegisteredModel.objects.get(slug="card-fraud").record


def test_the_model_page_says_how_complete_the_record_is(ana):
    assert re.search(r'href="/m/card-fraud/record/">record \d+ of \d+', text(ana.get(PATH)))


def test_the_page_shows_values_with_their_source_and_gaps_with_who_and_when(ana):
    ana.post(PATH + "record/identity/", {"origin": "vendor", "legal_entity": "Acme SA"})

    page = text(ana.get(PATH + "record/"))

    assert "asked-for fields are filled" in page
    assert "Acme SA" in page and "from MLflow" in page and "typed" in page
    assert "To be filled by the owner by" in page
    assert "<b>VENDOR</b>: it comes from a vendor" in page
    assert "Log it with the run: log the model with a signature" in page
    assert "No question is answered yet" in page or "materiality" in page
    assert "EU AI Act" in page and "retired since 17 Apr 2026" in page


def test_a_group_is_filled_and_cleared_by_its_form(ana):
    sent = {"origin": "in_house", "model_kind": "trained_ml", "library_versions": "sklearn: '1.5'"}
    assert ana.post(PATH + "record/identity/", sent).status_code == 302
    assert record() == {**sent, "library_versions": {"sklearn": "1.5"}}

    ana.post(PATH + "record/identity/", {**sent, "origin": ""})

    assert "origin" not in record()
    assert 'value="trained_ml" selected' in text(ana.get(PATH + "record/identity/"))


def test_rows_and_blocks_are_fields_and_empty_rows_are_left_out(ana):
    sent = {
        "known_limitations.0.text": "New merchants",
        "known_limitations.0.severity": "high",
        "known_limitations.1.text": "",
        "upstream.none": "true",
        "downstream.models": "card-fraud",
        "downstream.others.0.kind": "system",
        "downstream.others.0.name": "Desk",
    }
    assert ana.post(PATH + "record/risk/", sent).status_code == 302

    assert record()["known_limitations"] == [{"text": "New merchants", "severity": "high"}]
    assert record()["upstream"] == {"none": True}
    assert record()["downstream"]["others"] == [{"kind": "system", "name": "Desk"}]
    page = text(ana.get(PATH + "record/risk/"))
    assert 'name="known_limitations.2.text"' in page
    assert "New merchants" in page


def test_an_error_stands_beside_its_row_even_after_an_empty_one(ana):
    sent = {"known_limitations.1.text": "New merchants", "assumptions.0.text": "kept"}

    page = text(ana.post(PATH + "record/risk/", sent), 400)

    field = page.split('id="f-known_limitations-1-severity-more"')[1].split("</div>")[0]
    assert 'class="wrong"' in field
    assert "kept" in page
    assert record() == {}


def test_a_stranger_in_a_people_field_is_told_there(ana):
    page = text(ana.post(PATH + "record/people/", {"validators": "nobody@example.com"}), 400)

    field = page.split('id="f-validators-more"')[1].split("</div>")[0]
    assert "nobody whom you see" in field.lower()


@pytest.mark.parametrize("group", ["nonsense", "life2", "Identity"])
def test_an_unknown_group_is_not_there(ana, group):
    assert ana.get(f"{PATH}record/{group}/").status_code == 404


@pytest.mark.parametrize(
    "group",
    [
        "identity",
        "purpose",
        "people",
        "risk",
        "regime",
        "data",
        "method",
        "performance",
        "life",
        "vendor",
        "records",
    ],
)
def test_every_group_has_a_form(ana, group):
    page = text(ana.get(f"{PATH}record/{group}/"))

    assert page.count("<fieldset") >= 1
    assert ana.post(f"{PATH}record/{group}/", {}).status_code == 302
    assert record() == {}


def test_a_rulebook_is_decided_on_the_page(ana):
    RegisteredModel.objects.update(jurisdictions=["GB"])
    sent = {"result": "in", "reason": "We are a bank with internal models"}

    assert ana.post(PATH + "rulebooks/uk-ss1-23/", {**sent, "reason": ""}).status_code == 400
    assert ana.post(PATH + "rulebooks/uk-ss1-23/", sent).status_code == 302

    assert ScopeDecision.objects.get().result == "in"
    assert "We are a bank" in text(ana.get(PATH + "record/"))
    RegisteredModel.objects.update(jurisdictions=["GB", "US"])
    assert "To be decided again: facts changed since" in text(ana.get(PATH + "record/"))
    assert ana.get(PATH + "rulebooks/no-such/").status_code == 404


def test_a_lighter_tier_goes_through_two_people_on_the_page(ana, client, story):
    day = (clock.now() + timedelta(days=40)).date().isoformat()
    wrong = text(ana.post(PATH + "tier/", {"tier": "3", "reason": "pilot", "ends_on": ""}), 400)
    assert "a lighter tier ends on a day" in wrong.lower()
    assert ana.post(PATH + "tier/", {"tier": "3", "reason": "pilot", "ends_on": day}).status_code
    page = text(ana.get(PATH + "record/"))
    assert "<b>tier 3</b> waits for an approver" in page and "Approve tier 3" not in page
    assert ana.post(PATH + "tier/approve/", {}).status_code == 403

    client.force_login(person("ivo", story.people.fraud, "approver"))
    assert "Approve tier 3" in text(client.get(PATH + "record/"))
    shown = {"override": TierOverride.objects.get().pk}
    assert f'name="override" value="{shown["override"]}"' in text(client.get(PATH + "record/"))
    client.post(PATH + "tier/approve/", {"reason": "seen", **shown})

    assert RegisteredModel.objects.get(slug="card-fraud").tier == 3
    assert "set by a person; the rule gives tier 1" in text(client.get(PATH + "record/"))
    client.post(PATH + "tier/end/", {"reason": "over", **shown})
    assert TierOverride.objects.get().end_reason == "over"
    assert RegisteredModel.objects.get(slug="card-fraud").tier == 1


def test_a_conflict_is_shown_before_the_click(ana, client, story):
    day = (clock.now() + timedelta(days=40)).date().isoformat()
    ana.post(PATH + "tier/", {"tier": "3", "reason": "pilot", "ends_on": day})
    approver = person("ivo", story.people.fraud, "approver")
    approver.manager = story.people.ana
    approver.save()
    client.force_login(approver)

    page = text(client.get(PATH + "record/"))

    assert "You cannot approve it: Ana, to whom you report, is the owner." in page
    shown = {"override": TierOverride.objects.get().pk}
    assert client.post(PATH + "tier/approve/", shown).status_code == 403


@pytest.mark.parametrize("act", ["approve", "end"])
def test_nobody_decides_about_a_request_that_the_page_did_not_show(ana, story, act):
    day = (clock.now() + timedelta(days=40)).date().isoformat()
    ana.post(PATH + "tier/", {"tier": "2", "reason": "pilot", "ends_on": day})
    first = TierOverride.objects.get()
    client = Client()
    client.force_login(person("ivo", story.people.fraud, "approver"))
    assert "Approve tier 2" in text(client.get(PATH + "record/"))
    ana.post(PATH + "tier/end/", {"reason": "another one", "override": first.pk})
    ana.post(PATH + "tier/", {"tier": "4", "reason": "bigger pilot", "ends_on": day})

    for sent in ({"override": first.pk}, {"override": "x"}, {}):
        page = text(client.post(f"{PATH}tier/{act}/", {"reason": "seen", **sent}), 409)
        assert "Nothing was changed: the request has changed" in page
        assert f'name="override" value="{first.pk + 1}"' in page

    second = TierOverride.objects.get(ended_at=None)
    assert (second.tier, second.approved_at) == (4, None)
    assert RegisteredModel.objects.get(slug="card-fraud").tier == 1


def test_who_may_not_edit_sees_no_forms(client, story):
    client.force_login(story.people.vera)

    assert "/record/identity/" not in text(client.get(PATH + "record/"))
    assert client.get(PATH + "record/identity/").status_code == 403
    assert client.get(PATH + "tier/").status_code == 403


def test_the_owner_does_not_lighten_the_answers_and_the_approver_does(ana, client, story):
    heavy = {"tier_answers.exposure": "4", "tier_answers.harm": "4"}
    light = {"tier_answers.exposure": "0", "tier_answers.harm": "0"}
    rest = {
        f"tier_answers.{key}": "0"
        for key in ("purpose", "method", "data", "change", "build", "bias", "reliance")
    }
    assert ana.post(PATH + "tier/answers/", heavy | rest).status_code == 302

    page = text(ana.post(PATH + "tier/answers/", light | rest), 400)
    assert "An approver of Fraud who is independent can." in page

    client.force_login(person("ivo", story.people.fraud, "approver"))
    assert "/tier/answers/" in text(client.get(PATH + "record/"))
    assert "asked for when the tier" in text(client.get(PATH + "tier/answers/"))
    assert client.post(PATH + "tier/answers/", light | rest).status_code == 400
    reason = {"change_reason": "seen the volumes"}
    assert client.post(PATH + "tier/answers/", light | rest | reason).status_code == 302
    assert RegisteredModel.objects.get(slug="card-fraud").computed_tier == 4
