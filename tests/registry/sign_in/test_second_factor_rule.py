"""Who must have a second factor is led to it; a lost one is taken away by an operator."""

import pytest
from django.core.management import CommandError, call_command

from registry.models import AuditEvent, FleetRole, Membership
from registry.sign_in import factors
from tests.cast import bearer, cast
from tests.factories import PASSWORD
from tests.registry.sign_in.test_password_and_app import set_up, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(settings):
    settings.MUSTER_REQUIRE_MFA = "privileged"
    return cast(passwords=True)


def test_who_must_is_led_to_the_set_up_before_anything_else(client, people):
    sign_in(client, "pat@example.com")

    for path in ("/", "/fleet/", "/settings/people/", "/account/", "/admin/", "/m/card-fraud/"):
        assert client.get(path)["Location"] == "/account/app/", path
    assert client.post("/settings/units/new/", {})["Location"] == "/account/app/"
    assert "needs a second factor" in client.get("/account/app/").content.decode()


def test_once_set_up_everything_opens(client, people):
    sign_in(client, "pat@example.com")
    set_up(client)

    assert client.get("/settings/people/").status_code == 200


def test_the_api_refuses_such_a_session_and_takes_a_token(client, people):
    sign_in(client, "pat@example.com")

    answer = client.get("/api/v1/me/")

    assert answer.status_code == 403
    assert "/account/app/" in answer.json()["detail"]
    assert client.get("/api/v1/me/", headers=bearer(people.pat)).status_code == 200


def test_others_are_let_in_without(client, people):
    for email in ("ana@example.com", "vera@example.com"):
        sign_in(client, email)
        assert client.get("/fleet/").status_code == 200
        client.post("/sign-out/")


@pytest.mark.parametrize("role", ["approver", "unit_admin"])
def test_a_role_given_later_asks_at_once(client, people, role):
    sign_in(client, "ben@example.com")
    assert client.get("/fleet/").status_code == 200

    Membership.objects.create(person=people.ben, unit=people.fraud, role=role)

    assert client.get("/fleet/")["Location"] == "/account/app/"


def test_auditors_must_and_risk_readers_need_not(client, people):
    for person, role in ((people.ben, "auditor"), (people.ana, "risk_reader")):
        FleetRole.objects.create(person=person, role=role)
    sign_in(client, "ben@example.com")
    assert client.get("/fleet/").status_code == 302
    client.post("/sign-out/")
    sign_in(client, "ana@example.com")
    assert client.get("/fleet/").status_code == 200


def test_everybody_means_everybody(client, people, settings):
    settings.MUSTER_REQUIRE_MFA = "everybody"
    sign_in(client, "ana@example.com")

    assert client.get("/fleet/")["Location"] == "/account/app/"


def test_removing_it_leads_straight_back_to_the_set_up(client, people):
    sign_in(client, "pat@example.com")
    set_up(client)
    client.post("/account/app/remove/")

    assert client.get("/fleet/")["Location"] == "/account/app/"


def test_signing_out_and_the_colors_stay_open(client, people):
    sign_in(client, "pat@example.com")

    assert client.post("/preferences/", {"theme": "dark"})["Location"] == "/"
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_an_operator_takes_lost_factors_away_and_ends_the_sessions(client, people, capsys):
    sign_in(client, "ana@example.com")
    set_up(client)

    call_command("reset_factors", "Ana@example.com", "--reason", "lost phone")

    assert factors.of(people.ana) == {}
    assert client.get("/account/").status_code == 302
    event = AuditEvent.objects.get(action="factor.reset")
    assert (event.actor_label, event.reason) == ("reset_factors", "lost phone")
    assert event.before == {"factors": ["recovery_codes", "totp"]}
    assert sign_in(client)["Location"] == "/"


def test_a_reset_says_when_there_is_nothing_to_reset(people):
    with pytest.raises(CommandError, match="no second factor"):
        call_command("reset_factors", "ana@example.com", "--reason", "x")
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("reset_factors", "x@example.com", "--reason", "x")
    assert people.ana.check_password(PASSWORD)
