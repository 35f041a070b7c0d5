"""Who sets another person's password gains a look at one form, and the person is told."""

from datetime import timedelta

import pytest
from django.test import Client

from registry import catalogue, clock
from registry.models import ApiToken, AuditEvent, Person
from registry.sign_in import passwords
from tests.cast import acting, cast
from tests.factories import PASSWORD
from tests.registry.api import Caller

pytestmark = pytest.mark.django_db
GIVEN = "a phrase that two people know"
OWN = "a phrase that nobody else knows"
ANA = "ana@example.com"


@pytest.fixture
def people():
    return cast(passwords=True)


def sign_in(client, password=GIVEN):
    return client.post("/sign-in/", {"login": ANA, "password": password})


def choose(client, old, new):
    sent = {"oldpassword": old, "password1": new, "password2": new}
    return client.post("/account/password/", sent)


def set_password(people, who=None, reason="asked by phone"):
    body = {"password": GIVEN, "change_reason": reason}
    return catalogue.put_person(acting(who or people.pat), ANA, body, at=clock.now())


def test_every_way_in_that_was_there_ends(client, people):
    sign_in(client, PASSWORD)
    script = Caller(people.ana)
    assert client.get("/fleet/").status_code == 200

    set_password(people)

    assert client.get("/fleet/").status_code == 302
    assert script.get("me/").status_code == 401
    assert not ApiToken.objects.filter(person=people.ana, revoked_at=None).exists()
    event = AuditEvent.objects.get(action="person.password_set")
    assert (event.actor, event.object_label, event.reason) == (people.pat, ANA, "asked by phone")


def test_only_the_choice_of_a_password_is_open_until_it_is_made(client, people):
    set_password(people)
    sign_in(client)

    assert client.get("/fleet/")["Location"] == "/account/password/"
    assert client.post("/settings/tokens/", {"name": "x"})["Location"] == "/account/password/"
    assert client.get("/api/v1/models/").status_code == 403
    assert "Somebody else set" in client.get("/account/password/").content.decode()
    assert "another password than" in choose(client, GIVEN, GIVEN).content.decode()
    assert choose(client, GIVEN, OWN).status_code == 302
    assert client.get("/fleet/").status_code == 200
    assert sign_in(Client()).status_code == 200  # refused: the form again
    assert Person.objects.get(email=ANA).must_choose_password is False


def test_who_owes_a_factor_too_is_not_led_in_a_ring(client, people, settings):
    settings.MUSTER_REQUIRE_MFA = "everybody"
    set_password(people)
    sign_in(client)

    assert client.get("/fleet/")["Location"] == "/account/password/"
    assert client.get("/account/password/").status_code == 200
    choose(client, GIVEN, OWN)
    assert client.get("/fleet/")["Location"] == "/account/app/"


def test_the_person_is_mailed_once_and_told_who_did_it(people, smtp_catcher):
    set_password(people)
    at = clock.now()

    assert passwords.tell_due(at=at, seconds=5) == 1
    assert passwords.tell_due(at=at + timedelta(hours=1), seconds=5) == 0
    (mail,) = smtp_catcher.messages
    assert mail["To"] == ANA
    text = mail.get_content()
    assert "pat@example.com set a new password" in text and "asked by phone" in text
    assert GIVEN not in text


def test_a_mail_server_that_refuses_is_asked_again(people, smtp_catcher):
    set_password(people)
    at, smtp_catcher.refusal = clock.now(), "451 later"

    assert passwords.tell_due(at=at, seconds=5) == 0
    assert passwords.tell_due(at=at, seconds=5) == 0
    smtp_catcher.refusal = ""
    assert passwords.tell_due(at=at + timedelta(minutes=6), seconds=5) == 1
    assert len(smtp_catcher.messages) == 1


def test_ones_own_password_and_the_same_one_again_are_nobodys_news(people):
    own = {"password": OWN}
    catalogue.put_person(acting(people.pat), "pat@example.com", own, at=clock.now())
    set_password(people)
    Person.objects.update(must_choose_password=False)
    set_password(people)

    assert AuditEvent.objects.filter(action="person.password_set").count() == 1
    assert not Person.objects.filter(must_choose_password=True).exists()


def test_a_new_account_begins_with_a_choice_and_no_mail(people, settings):
    body = {"name": "Dora", "password": GIVEN}
    catalogue.put_person(acting(people.pat), "dora@example.com", body, at=clock.now())
    settings.MUSTER_DEMO = True
    catalogue.put_person(acting(people.pat), "eve@example.com", body, at=clock.now())

    dora, eve = (Person.objects.get(email=f"{name}@example.com") for name in ("dora", "eve"))
    assert (dora.must_choose_password, dora.password_notice_due_at) == (True, None)
    assert eve.must_choose_password is False
