"""Administrators make everything on pages, through the operations that the API uses."""

import re

import pytest
import yaml

from monitoring.models import Check, CheckVersion, Source
from policies.models import Trainer
from registry import clock
from registry.models import (
    ApiToken,
    AuditEvent,
    BusinessUnit,
    Membership,
    MLflowServer,
    Person,
    RegisteredModel,
)
from registry.tokens import digest
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_unit_is_made_changed_and_audited(pat):
    made = pat.post("/settings/units/new/", {"key": "pricing", "name": "Pricing"})
    changed = pat.post("/settings/units/pricing/", {"name": "Pricing and offers"})

    assert (made.status_code, changed.status_code) == (302, 302)
    assert BusinessUnit.objects.get(slug="pricing").name == "Pricing and offers"
    assert AuditEvent.objects.filter(object_type="businessunit").count() == 2


def test_what_is_wrong_stands_beside_its_field_with_the_fix(pat):
    page = text(pat.post("/settings/units/new/", {"key": "Not A Slug", "name": "X"}), 400)

    field = page[page.index('id="f-key"') : page.index('id="f-name"')]
    assert "cannot be a slug" in field
    assert "Lower-case letters, digits and single dashes" in field
    assert 'value="Not A Slug"' in field
    assert "nothing has been saved yet" in page


def test_a_person_gets_an_account_and_roles(pat):
    response = pat.post(
        "/settings/people/new/",
        {
            "key": "dora@example.com",
            "name": "Dora",
            "password": "a long enough phrase",
            "time_zone": "Europe/Berlin",
            "is_active": "on",
            "roles_text": "fraud: owner, retail: viewer",
            "fleet_roles": ["auditor"],
        },
    )

    assert response.status_code == 302
    dora = Person.objects.get(email="dora@example.com")
    assert dora.check_password("a long enough phrase")
    assert Membership.objects.filter(person=dora).count() == 2
    page = text(pat.get("/settings/people/dora@example.com/"))
    assert "fraud: owner, retail: viewer" in page
    assert "a long enough phrase" not in page


def test_an_unknown_unit_in_the_roles_is_named(pat):
    data = {"key": "e@example.com", "name": "E", "time_zone": "UTC", "roles_text": "nowhere: owner"}

    assert "nowhere" in text(pat.post("/settings/people/new/", data), 400)


def test_a_unit_admin_gives_roles_in_the_unit(client, story):
    Membership.objects.create(person=story.people.ben, unit=story.people.fraud, role="unit_admin")
    client.force_login(story.people.ben)

    response = client.post(
        "/settings/units/fraud/members/", {"email": "chris@example.com", "roles": ["viewer"]}
    )

    assert response.status_code == 302
    assert Membership.objects.filter(person=story.people.chris, unit__slug="fraud").exists()
    assert client.get("/settings/people/").status_code == 403


def test_a_server_is_made_and_its_secret_never_shown(pat):
    data = {"key": "prod", "origin": "https://mlflow.example.com", "password": "s3cret-word"}

    assert pat.post("/settings/servers/new/", data).status_code == 302
    assert MLflowServer.objects.get(slug="prod").password == "s3cret-word"
    assert "s3cret-word" not in text(pat.get("/settings/servers/prod/"))


def test_a_trainer_is_made(pat):
    data = {
        "key": "nightly",
        "business_unit": "fraud",
        "url": "https://train.example.com/go",
        "secret": SECRET,
    }

    assert pat.post("/settings/trainers/new/", data).status_code == 302
    assert Trainer.objects.filter(slug="nightly", unit__slug="fraud").exists()


def test_a_token_is_shown_once_and_revoked(ana, story):
    page = text(ana.post("/settings/tokens/", {"name": "ci", "days": "30"}))
    key = re.search(r"muster_[\w-]+", page)[0]
    token = ApiToken.objects.get(digest=digest(key))

    assert key not in text(ana.get("/settings/tokens/"))
    asked = text(ana.get(f"/settings/tokens/{token.pk}/revoke/"))
    token.refresh_from_db()
    assert "Revoke it for good" in asked
    assert token.revoked_at is None
    assert ana.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_nobody_revokes_somebody_elses_token(client, ana, story):
    ana.post("/settings/tokens/", {"name": "ci", "days": "30"})
    client.force_login(story.people.chris)

    assert client.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 404


MODEL = {
    "key": "limit-setter",
    "name": "Limit setter",
    "business_unit": "fraud",
    "owner": "ana@example.com",
    "purpose": "Sets card limits",
    "task": "regression",
    "lifecycle": "active",
    "decision_role": "one_input",
    "jurisdictions": "US, EU",
    "tags": "cards",
    "tier_answers.exposure": "1",
    "tier_answers.eu_high_risk": "false",
}


def test_a_model_is_registered_and_changed(ana):
    made = ana.post("/register/", MODEL)
    changed = ana.post("/m/limit-setter/edit/", {**MODEL, "name": "Limits", "tags": ""})

    assert made["Location"] == changed["Location"] == "/m/limit-setter/"
    model = RegisteredModel.objects.get(slug="limit-setter")
    assert (model.name, model.tags, model.jurisdictions) == ("Limits", [], ["US", "EU"])
    assert model.tier_answers["exposure"] == 1
    assert model.tier_answers["eu_high_risk"] is False


def test_the_form_shows_what_is_stored(ana):
    ana.post("/register/", MODEL)

    page = text(ana.get("/m/limit-setter/edit/"))

    assert '<option value="1" selected>1: small</option>' in page
    assert 'value="US, EU"' in page


def test_an_unknown_owner_is_told_at_the_field(ana):
    page = text(ana.post("/register/", {**MODEL, "owner": "nobody@example.com"}), 400)

    field = page[page.index('id="f-owner"') : page.index('id="f-deputy"')]
    assert 'class="wrong"' in field


def test_a_source_is_set(ana, settings, tmp_path):
    settings.MUSTER_SOURCE_ROOTS = [str(tmp_path)]
    good = ana.post("/m/card-fraud/sources/requests/", {"address": str(tmp_path), "format": "csv"})
    bad = ana.post("/m/card-fraud/sources/requests/", {"address": "/etc", "format": "csv"})

    assert good.status_code == 302
    assert Source.objects.get(model__slug="card-fraud").address == str(tmp_path)
    assert 'class="wrong"' in text(bad, 400)


DRIFT = {
    "key": "weekly",
    "every_days": "7",
    "start": "2026-08-17T00:00:00Z",
    "grace_hours": "24",
    "numeric.method": "ks",
    "numeric.limit": "0.05",
    "segments": "region, cohort",
    "when.bad": "2",
    "when.of": "3",
    "when.good": "2",
    "severity.drift": "critical",
}


def test_a_check_is_made_with_the_form_and_changed_with_the_text(ana):
    made = ana.post("/m/card-fraud/checks/new/?kind=data", DRIFT)
    check = Check.objects.get(slug="weekly")
    spec = CheckVersion.objects.get(check_ref=check).spec
    assert made.status_code == 302
    assert spec["numeric"] == {"method": "ks", "limit": 0.05}
    assert spec["segments"] == ["region", "cohort"]

    sent = DRIFT | {"min_rows": "", "rest": yaml.safe_dump({"min_rows": 77})}
    changed = ana.post("/m/card-fraud/checks/weekly/", sent)

    assert changed.status_code == 302
    assert check.versions.order_by("-number").first().spec["min_rows"] == 77


def test_the_check_form_keeps_what_it_does_not_show(ana):
    ana.post("/m/card-fraud/checks/new/?kind=data", DRIFT)
    check = Check.objects.get(slug="weekly")
    before = check.versions.get().spec["severity"]

    ana.post("/m/card-fraud/checks/weekly/", {**DRIFT, "severity.drift": "watch"})

    after = check.versions.order_by("-number").first().spec["severity"]
    assert after == {**before, "drift": "watch"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("when.bad", "9"),
        ("numeric.limit", "much"),
        ("numeric.limit", "nan"),
        ("grace_hours", "inf"),
        ("start", "soon"),
    ],
)
def test_a_wrong_check_is_not_saved(ana, field, value):
    page = text(ana.post("/m/card-fraud/checks/new/?kind=data", {**DRIFT, field: value}), 400)

    assert "nothing has been saved" in page
    assert not Check.objects.filter(slug="weekly").exists()


def test_a_check_names_its_source(ana, story):
    Source.objects.create(
        model=story.people.model, name="replay", address="/landing/replay", next_scan_at=clock.now()
    )
    assert 'name="source"' not in text(ana.get("/m/card-fraud/checks/new/?kind=metric"))
    assert ">replay<" in text(ana.get("/m/card-fraud/checks/new/?kind=data"))

    ana.post("/m/card-fraud/checks/new/?kind=data", {**DRIFT, "source": "replay"})

    assert CheckVersion.objects.get(check_ref__slug="weekly").spec["source"] == "replay"
    page = text(ana.get("/m/card-fraud/checks/weekly/"))
    assert '<option value="replay" selected>' in page


def test_performance_metrics_are_read_from_lines(ana):
    data = {
        "key": "auc",
        "every_days": "7",
        "start": "2026-08-17T00:00:00Z",
        "metrics": "roc_auc min 0.7\r\nf1 min 0.5",
    }

    assert ana.post("/m/card-fraud/checks/new/?kind=performance", data).status_code == 302
    spec = CheckVersion.objects.get(check_ref__slug="auc").spec
    assert [m["name"] for m in spec["metrics"]] == ["roc_auc", "f1"]
    assert "roc_auc min 0.7" in text(ana.get("/m/card-fraud/checks/auc/"))


def test_a_check_is_paused_with_a_reason(ana):
    response = ana.post(
        "/m/card-fraud/checks/drift/pause/", {"paused": "yes", "reason": "feed is moved"}
    )

    assert response.status_code == 302
    assert Check.objects.get(slug="drift").paused
    assert AuditEvent.objects.get(action="check.paused").reason == "feed is moved"


@pytest.mark.parametrize(
    "path",
    [
        "/register/",
        "/m/card-fraud/edit/",
        "/m/card-fraud/sources/requests/",
        "/m/card-fraud/checks/new/",
        "/policies/new/",
        "/settings/units/new/",
        "/settings/people/",
        "/settings/servers/",
        "/settings/trainers/new/",
    ],
)
def test_who_lacks_the_right_is_refused_and_told_who_grants_it(client, story, path):
    client.force_login(story.people.vera)

    assert "can grant it" in text(client.get(path), 403)


def test_who_lacks_the_right_sees_no_button(client, story):
    client.force_login(story.people.vera)

    page = text(client.get("/m/card-fraud/"))

    assert "Add a check" not in page
    assert ">Edit<" not in page
    assert "Register a model" not in text(client.get("/fleet/"))
    assert "Change it" not in text(client.get("/policies/drift-standard/"))


@pytest.mark.parametrize(
    "path",
    [
        "/m/card-fraud/edit/",
        "/m/card-fraud/sources/requests/",
        "/m/card-fraud/checks/new/",
        "/m/card-fraud/checks/drift/",
        "/policies/drift-standard/",
        "/settings/units/fraud/",
        "/settings/trainers/fleet/",
    ],
)
def test_what_belongs_to_another_unit_does_not_exist(client, story, path):
    client.force_login(story.people.chris)

    assert client.get(path).status_code == 404
    assert client.post(path, {"name": "mine now"}).status_code == 404


def test_a_channel_is_made_and_switched_off(pat):
    data = {
        "key": "fraud-hook",
        "business_unit": "fraud",
        "kind": "webhook",
        "address": "https://hooks.example.com/muster",
        "secret": SECRET,
        "enabled": "on",
    }
    made = pat.post("/settings/channels/new/", data)
    off = pat.post("/settings/channels/fraud-hook/", {"address": data["address"]})

    assert (made.status_code, off.status_code) == (302, 302)
    assert "switched off" in text(pat.get("/settings/channels/"))
    assert SECRET not in text(pat.get("/settings/channels/fraud-hook/"))
