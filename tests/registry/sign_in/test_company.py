"""Signing in by the company's OpenID Connect server, which is simulated over real HTTP."""

import copy
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import CommandError, call_command
from django.test import Client

from registry.models import AuditEvent, Person
from registry.sign_in import company, factors
from tests.cast import cast
from tests.factories import PASSWORD
from tests.registry.sign_in.company_server import CLIENT, SECRET, CompanyServer
from tests.registry.sign_in.phone import code, secret_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    started = CompanyServer()
    settings.MUSTER_OIDC_ISSUER = started.issuer
    settings.MUSTER_OIDC_NAME = "Example Corp"
    providers = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
    (app,) = providers["openid_connect"]["APPS"]
    app.update(client_id=CLIENT, secret=SECRET, settings={"server_url": started.issuer})
    settings.SOCIALACCOUNT_PROVIDERS = providers
    yield started
    started.stop()


@pytest.fixture
def people():
    return cast(passwords=True)


def begin(client, query="") -> str:
    return client.get(f"/sign-in/company/{query}")["Location"]


def sign_in(client, server, **who):
    return client.get(server.authorize(begin(client), **who))


def told(answer) -> str:
    assert answer.status_code == 403
    return answer.content.decode()


def signed_in(client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_sign_in_page_leads_there_and_keeps_where_one_wanted_to_go(client, server, people):
    page = client.get("/sign-in/?next=/alerts/").content.decode()
    link = re.search(r'href="(/sign-in/company/[^"]*)"', page)[1]

    back = server.authorize(client.get(link)["Location"])

    assert "Sign in by Example Corp" in page
    assert client.get(back)["Location"] == "/alerts/"
    assert signed_in(client)


def test_it_does_not_lead_to_other_hosts(client, server, people):
    back = server.authorize(begin(client, "?next=https://evil.example/"))

    assert client.get(back)["Location"] == "/"


def test_who_comes_from_there_owes_no_password_that_somebody_else_set(client, server, people):
    Person.objects.filter(pk=people.ana.pk).update(must_choose_password=True)
    sign_in(client, server)

    assert signed_in(client)


def test_the_first_sign_in_binds_the_identity_and_audits_it_once(client, server, people):
    for browser in (client, Client()):
        assert sign_in(browser, server)["Location"] == "/"

    (event,) = AuditEvent.objects.filter(action="person.identity_bound")
    assert event.object_label == "ana@example.com"
    assert event.after == {"issuer": server.issuer, "subject": "ana-1"}


def test_the_password_stays_what_it_was(client, server, people):
    sign_in(client, server)
    people.ana.refresh_from_db()

    assert people.ana.check_password(PASSWORD)


def test_afterwards_only_the_identity_counts(client, server, people):
    sign_in(client, server)
    other = Client()

    sign_in(other, server, email="ben@example.com")

    assert "ana@example.com" in other.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"email": "nobody@example.com"}, "no open account for nobody@example.com"),
        ({"email_verified": False}, "has not verified ana@example.com"),
        ({"email_verified": None}, "has not verified ana@example.com"),
        ({"email": ""}, "does not say your e-mail address"),
    ],
)
def test_strangers_and_unverified_addresses_are_told_whom_to_ask(
    client, server, people, who, words
):
    assert words in told(sign_in(client, server, **who))
    assert not signed_in(client)
    assert not company.is_bound(people.ana)


def test_a_closed_account_is_not_opened(client, server, people):
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])

    assert "no open account" in told(sign_in(client, server))


def test_an_account_closed_after_it_was_bound_is_refused(client, server, people):
    sign_in(client, server)
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])
    other = Client()

    assert sign_in(other, server)["Location"] == "/sign-in/closed/"
    assert not signed_in(other)


def test_an_address_given_to_somebody_else_does_not_open_the_account(client, server, people):
    sign_in(client, server)

    assert "another identity" in told(sign_in(Client(), server, sub="ana-2"))


def test_an_operator_may_trust_addresses_that_are_never_called_verified(
    client, server, people, settings
):
    settings.MUSTER_OIDC_TRUST_EMAIL = True

    sign_in(client, server, email_verified=None)

    assert signed_in(client)


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "not valid"),
        ({"aud": [CLIENT, "more"], "azp": "more"}, "azp"),
        ({"iss": "https://evil.example"}, "not valid"),
        ({"exp": 1_700_000_000}, "not valid"),
        ({"sub": None}, "not valid"),
    ],
)
def test_a_token_that_is_not_the_answer_is_refused(client, server, people, lie, words):
    server.lies = lie

    assert words in told(sign_in(client, server))
    assert not signed_in(client)


def test_a_token_signed_by_somebody_else_is_refused(client, server, people):
    server.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert "not valid" in told(sign_in(client, server))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_public_signature_is_refused(client, server, people, algorithm):
    server.header = {"alg": algorithm}

    assert "not signed" in told(sign_in(client, server))


def test_an_unknown_key_is_refused(client, server, people):
    server.header = {"kid": "two"}

    assert "does not publish the key" in told(sign_in(client, server))


def test_a_wrong_state_or_another_browser_begins_anew(client, server, people):
    back = server.authorize(begin(client))

    assert "another browser" in told(Client().get(back))
    assert "another browser" in told(client.get(re.sub("state=.*", "state=forged", back)))


def test_a_way_back_works_once(client, server, people):
    back = server.authorize(begin(client))
    client.get(back)
    client.post("/sign-out/")

    assert "another browser" in told(client.get(back))


def test_a_canceled_sign_in_says_so(client, server, people):
    state = re.search(r"state=(\w+)", begin(client))[1]

    answer = client.get(f"/sign-in/company/back/?error=access_denied&state={state}")

    assert "canceled" in told(answer)


def test_another_issuers_document_is_refused(client, server, people):
    server.document = {"issuer": "https://evil.example"}

    assert "instead of" in told(client.get("/sign-in/company/"))


def test_a_redirect_is_not_followed(client, server, people):
    canary = CompanyServer()
    server.redirect_discovery_to = f"{canary.issuer}/.well-known/openid-configuration"

    assert "did not answer" in told(client.get("/sign-in/company/"))
    assert canary.requests == []
    canary.stop()


def test_an_inner_address_that_nobody_allowed_is_not_called(client, server, people):
    canary = CompanyServer()
    server.document = {"token_endpoint": f"{canary.issuer}/token"}

    assert "not among the allowed origins" in told(sign_in(client, server))
    assert canary.requests == []
    canary.stop()


def test_a_server_that_is_away_is_a_page_and_not_a_fault(client, server, people):
    server.stop()

    assert "did not answer" in told(client.get("/sign-in/company/"))


def test_the_address_may_come_from_the_user_info(client, server, people):
    back = server.authorize(begin(client))
    everything = server.who
    server.who = {"sub": "ana-1"}
    original = server.token

    def then_complete(form):
        answer = original(form)
        server.who = everything
        return answer

    server.token = then_complete

    assert client.get(back)["Location"] == "/"


def test_the_app_is_asked_for_as_well_when_there_is_one(client, server, people):
    client.post("/sign-in/", {"login": "ana@example.com", "password": PASSWORD})
    page = client.get("/account/app/").content.decode()
    secret = re.search(r'<code class="token">([A-Z2-7]+)</code>', page)[1]
    client.post("/account/app/", {"code": code(secret)})
    other = Client()

    assert sign_in(other, server)["Location"] == "/sign-in/code/"
    other.post("/sign-in/code/", {"code": code(secret_of(people.ana), later=1)})
    assert signed_in(other)


@pytest.mark.parametrize(
    ("who", "assures", "location"),
    [
        ({}, False, "/account/app/"),
        ({"amr": ["pwd"]}, False, "/account/app/"),
        ({"amr": ["pwd", "mfa"]}, False, ""),
        ({}, True, ""),
    ],
)
def test_the_servers_second_factor_counts_when_it_is_assured(
    client, server, people, settings, who, assures, location
):
    settings.MUSTER_REQUIRE_MFA = "everybody"
    settings.MUSTER_OIDC_ASSURES_MFA = assures
    sign_in(client, server, **who)

    assert client.get("/fleet/").headers.get("Location", "") == location


def test_what_one_session_assured_does_not_count_for_somebody_else(
    client, server, people, settings
):
    settings.MUSTER_REQUIRE_MFA = "everybody"
    sign_in(client, server, amr=["mfa"])
    session = client.session
    client.post("/sign-out/")
    session = client.session
    session[factors.ASSURED] = people.ana.pk
    session.save()
    client.post("/sign-in/", {"login": "ben@example.com", "password": PASSWORD})

    assert client.get("/fleet/")["Location"] == "/account/app/"


def test_an_operator_releases_an_identity(client, server, people, capsys):
    sign_in(client, server)
    call_command("reset_factors", "ana@example.com", "--identity", "--reason", "new server")

    assert not signed_in(client)
    sign_in(client, server, sub="ana-2")
    assert signed_in(client)
    assert AuditEvent.objects.filter(action="person.identity_released", reason="new server")
    with pytest.raises(CommandError, match="has not signed in"):
        call_command("reset_factors", "ben@example.com", "--identity", "--reason", "x")


def test_without_a_server_there_is_no_such_way(client, people):
    assert client.get("/sign-in/company/").status_code == 404
    assert client.get("/sign-in/company/back/").status_code == 404
    assert "Sign in by" not in client.get("/sign-in/").content.decode()


def test_the_callers_own_parameters_do_not_reach_the_server(client, server, people):
    address = begin(client, "?auth_params=nonce%3Dmine&scope=admin&process=connect")

    assert "mine" not in address
    assert "admin" not in address
