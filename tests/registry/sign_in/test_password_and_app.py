"""Signing in by password and authenticator app, and what one may change about it."""

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client

from registry.models import AuditEvent
from registry.sign_in import factors
from tests.cast import bearer, cast
from tests.factories import PASSWORD
from tests.registry.sign_in.phone import code, secret_of

pytestmark = pytest.mark.django_db
ANA = "ana@example.com"


@pytest.fixture
def people():
    return cast(passwords=True)


def sign_in(client, email=ANA, password=PASSWORD, **more):
    return client.post("/sign-in/", {"login": email, "password": password, **more})


def set_up(client) -> list[str]:
    """Set up an app on a client that is signed in; return the recovery codes."""
    shown = client.get("/account/app/").content.decode()
    secret = re.search(r'<code class="token">([A-Z2-7]+)</code>', shown)[1]
    answer = client.post("/account/app/", {"code": code(secret)}, follow=True)
    return re.findall(r'<code class="token">(\d+)</code>', answer.content.decode())


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_without_an_app_there_are_no_recovery_codes_to_make(client, people):
    sign_in(client)

    assert client.get("/account/codes/new/").status_code == 404


def test_the_address_is_not_case_sensitive_and_the_session_changes_its_key(client, people):
    client.get("/sign-in/")
    client.session["planted"] = "yes"
    before = client.session.session_key

    answer = sign_in(client, "Ana@Example.com")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "http://localhost/x"]
)
def test_it_leads_nowhere_else(client, people, target):
    assert sign_in(client, next=target)["Location"] == "/"


def test_it_leads_back_to_the_page_that_was_asked_for(client, people):
    assert sign_in(client, next="/alerts/?state=resolved")["Location"] == "/alerts/?state=resolved"


def test_a_closed_account_is_told_so_and_not_let_in(client, people):
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])

    answer = client.post("/sign-in/", {"login": ANA, "password": PASSWORD}, follow=True)

    assert answer.status_code == 403
    assert "This account is closed" in answer.content.decode()
    assert client.get("/fleet/").status_code == 302


def test_guessing_is_stopped_and_a_right_password_does_not_help_then(client, people, caplog):
    for _ in range(5):
        assert "is not right" in sign_in(client, password="wrong").content.decode()

    assert "wait five minutes" in sign_in(client).content.decode()
    assert client.get("/fleet/").status_code == 302
    assert f"Sign-in failed for {ANA} from 127.0.0.1" in caplog.text


def test_what_strangers_type_as_their_address_is_not_logged(client, people, caplog):
    sign_in(client, "my-password@oops.example", "wrong")

    assert "Sign-in failed for nobody" in caplog.text
    assert "my-password" not in caplog.text


def test_nobody_signs_up(client):
    for path in ("/sign-up/", "/signup/", "/accounts/signup/", "/sign-in/signup/"):
        assert client.get(path).status_code == 404


def test_an_app_is_set_up_and_asked_for_from_then_on(client, people):
    sign_in(client)
    recovery = set_up(client)
    secret = secret_of(people.ana)
    other = Client()

    assert len(recovery) == 10
    assert "factor.added" in actions()
    assert sign_in(other)["Location"] == "/sign-in/code/"
    assert other.get("/fleet/").status_code == 302
    assert (
        "This code is not right" in other.post("/sign-in/code/", {"code": "000"}).content.decode()
    )
    assert other.post("/sign-in/code/", {"code": code(secret, later=1)})["Location"] == "/"
    assert other.get("/fleet/").status_code == 200


def test_the_page_keeps_its_secret_until_an_app_is_set_up(client, people):
    sign_in(client)
    shown = [client.get("/account/app/").content.decode() for _ in range(2)]
    client.post("/account/app/", {"code": "000000"})
    first, second = (re.search(r'<code class="token">([A-Z2-7]+)</code>', s)[1] for s in shown)

    assert first == second
    assert client.post("/account/app/", {"code": code(first)}).status_code == 302
    assert secret_of(people.ana) == first
    client.post("/account/app/remove/")
    assert first not in client.get("/account/app/").content.decode()


def test_a_code_works_once_for_as_long_as_it_would_hold(client, people):
    sign_in(client)
    set_up(client)
    late = code(secret_of(people.ana), later=1)
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)

    assert first.post("/sign-in/code/", {"code": late}).status_code == 302
    assert second.post("/sign-in/code/", {"code": late}).status_code == 200


def test_a_recovery_code_works_once_and_codes_are_shown_once(client, people):
    sign_in(client)
    recovery = set_up(client)
    shown_again = client.get("/account/codes/").content.decode()
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)

    assert recovery[0] not in shown_again
    assert first.post("/sign-in/code/", {"code": recovery[0]})["Location"] == "/"
    assert second.post("/sign-in/code/", {"code": recovery[0]}).status_code == 200


def test_codes_can_be_renewed_and_the_old_ones_stop(client, people):
    sign_in(client)
    old = set_up(client)

    answer = client.post("/account/codes/new/", follow=True)

    new = re.findall(r'<code class="token">(\d+)</code>', answer.content.decode())
    assert len(new) == 10
    assert not set(old) & set(new)
    assert "factor.codes_renewed" in actions()


def test_removing_the_app_takes_the_codes_along(client, people):
    sign_in(client)
    set_up(client)

    client.post("/account/app/remove/")

    assert factors.of(people.ana) == {}
    assert "factor.removed" in actions()


def test_secrets_of_factors_are_unreadable_in_the_database(client, people):
    sign_in(client)
    set_up(client)

    stored = str([found.data for found in Authenticator.objects.all()])

    assert secret_of(people.ana) not in stored
    assert "gAAAA" in stored


def test_what_changes_factors_asks_for_the_password_when_the_sign_in_is_old(client, people):
    client.force_login(people.ana)

    answer = client.get("/account/app/")
    assert answer["Location"] == "/sign-in/again/?next=%2Faccount%2Fapp%2F"
    assert "This is not your" in client.post(answer["Location"], {"password": "x"}).content.decode()
    again = client.post(answer["Location"], {"password": PASSWORD, "next": "/account/app/"})

    assert again["Location"] == "/account/app/"
    assert client.get("/account/app/").status_code == 200


def test_a_new_password_ends_the_other_sessions(client, people):
    other = Client()
    for browser in (client, other):
        sign_in(browser)
    new = "a-quite-different-one"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    weak = client.post("/account/password/", {**fields, "password1": "12345", "password2": "12345"})
    done = client.post("/account/password/", fields)

    assert "too short" in weak.content.decode()
    assert done["Location"] == "/account/"
    assert actions()[-1] == "person.password_changed"
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_one_signs_out_everywhere_else(client, people):
    other = Client(headers={"User-Agent": "The other browser"})
    for browser in (client, other):
        sign_in(browser)

    assert "The other browser" in client.get("/account/").content.decode()
    client.post("/account/sign-out-elsewhere/")

    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_the_time_zone_is_ones_own_to_set(client, people):
    sign_in(client)

    wrong = client.post("/account/", {"time_zone": "Moon/Base"})
    client.post("/account/", {"time_zone": "Asia/Tokyo"})
    people.ana.refresh_from_db()

    assert wrong.status_code == 400
    assert "such time zone" in wrong.content.decode(), wrong.content.decode()[1500:4000]
    assert people.ana.time_zone == "Asia/Tokyo"
    assert actions()[-1] == "person.changed"


def test_signing_out_needs_a_post_and_ends_the_session(client, people):
    sign_in(client)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/account/").status_code == 302


def test_the_back_office_has_no_sign_in_of_its_own(client, people):
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in/?next=%2Fadmin%2F"
    sign_in(client)
    assert client.get("/admin/login/").status_code == 403


def test_the_secrets_of_factors_move_to_a_new_key(client, people, settings):
    sign_in(client)
    set_up(client)
    before, old = secret_of(people.ana), settings.MUSTER_FERNET_KEYS
    new = Fernet.generate_key().decode()
    settings.MUSTER_FERNET_KEYS = [new, *old]

    for said in ("2 secrets encrypted anew, 0 had", "0 secrets encrypted anew, 2 had"):
        out = StringIO()
        call_command("rotate_secrets", stdout=out)
        assert said in out.getvalue()
    settings.MUSTER_FERNET_KEYS = [new]

    assert secret_of(people.ana) == before


def test_closing_an_account_ends_its_sessions_and_tokens_for_good(client, people):
    sign_in(client)
    key = bearer(people.ana)
    admin = bearer(people.pat)
    about = "/api/v1/people/ana@example.com/"
    for is_active in (False, True):
        body = {"is_active": is_active}
        client.put(about, body, content_type="application/json", headers=admin)

    assert client.get("/account/").status_code == 302
    assert client.get("/api/v1/me/", headers=key).status_code == 401
    assert "token.revoked" in actions()
