"""Units, people, servers, tokens and the audit over the API."""

import pytest
from django.db import connection, transaction
from django.test import Client

from registry import actors, clock, tokens
from registry.models import ApiToken, AuditEvent, FleetRole, MLflowServer, Person
from tests import factories
from tests.cast import cast
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
DORA = {
    "name": "Dora",
    "password": "a long enough phrase",
    "manager": "ana@example.com",
    "time_zone": "Europe/Berlin",
    "memberships": [{"business_unit": "fraud", "role": "approver"}],
    "fleet_roles": ["auditor"],
}


@pytest.fixture
def pat(people):
    return Caller(people.pat)


def test_a_platform_admin_makes_units_and_people(pat):
    assert pat.put("business-units/risk/", {"name": "Risk"}).status_code == 201
    assert pat.put("business-units/risk/", {"name": "Risk"}).status_code == 200
    first, second = (pat.put("people/Dora@Example.com/", DORA) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["memberships"] == DORA["memberships"]
    assert Person.objects.get(email="dora@example.com").check_password(DORA["password"])
    assert AuditEvent.objects.filter(action__startswith="person.").count() == 1


def test_a_put_replaces_roles_only_when_it_names_them(pat):
    pat.put("people/dora@example.com/", DORA)
    kept = pat.put("people/dora@example.com/", {"name": "Dora D"}).json()
    gone = pat.put("people/dora@example.com/", {"memberships": [], "manager": None}).json()

    assert kept["memberships"] == DORA["memberships"]
    assert (gone["memberships"], gone["manager"], gone["fleet_roles"]) == ([], None, ["auditor"])


def test_wrong_people_are_refused_field_by_field(pat):
    wrong = DORA | {"time_zone": "Mars", "memberships": [{"business_unit": "x", "role": "king"}]}

    assert pointers(pat.put("people/dora@example.com/", wrong)) == [
        "/memberships/0/role",
        "/time_zone",
    ]
    assert pointers(pat.put("people/dora@example.com/", DORA | {"password": "short"})) == [
        "/password"
    ]
    assert pointers(pat.put("people/nonsense/", DORA)) == ["/email"]
    assert pointers(pat.put("people/dora@example.com/", DORA | {"manager": "x@y.z"})) == [
        "/manager"
    ]
    assert not Person.objects.filter(email="dora@example.com").exists()


def test_only_a_platform_admin_keeps_accounts_and_servers(people):
    ana = Caller(people.ana)

    assert ana.put("people/dora@example.com/", DORA).status_code == 403
    assert ana.put("business-units/risk/", {"name": "Risk"}).status_code == 403
    assert ana.put("mlflow-servers/x/", {"origin": "http://x.example"}).status_code == 403


def test_people_see_whom_they_share_a_unit_with(people):
    def names(who, query=""):
        return [row["name"] for row in Caller(who).get(f"people/{query}").json()["results"]]

    assert names(people.ben) == ["Ana", "Ben", "Vera"]
    assert names(people.ben, "?q=AN") == ["Ana"]
    assert names(people.chris) == ["Chris"]
    assert names(people.pat) == ["Ana", "Ben", "Chris", "Pat", "Vera"]
    assert Caller(people.chris).get("people/ana@example.com/").status_code == 404


def test_roles_in_units_one_does_not_see_are_left_out(people):
    factories.MembershipFactory.create(person=people.ana, unit=factories.UnitFactory.create())

    shown = Caller(people.ben).get("people/ana@example.com/").json()

    assert shown["memberships"] == [{"business_unit": "fraud", "role": "owner"}]


def test_a_unit_admin_gives_roles_in_the_own_unit_only(people):
    factories.MembershipFactory.create(person=people.ben, unit=people.fraud, role="unit_admin")
    ben = Caller(people.ben)
    roles = {"roles": ["developer", "validator"]}

    assert ben.put("business-units/fraud/members/chris@example.com/", roles).status_code == 200
    assert ben.put("business-units/retail/members/ben@example.com/", roles).status_code == 404
    assert sorted(people.chris.memberships.values_list("unit__slug", "role")) == [
        ("fraud", "developer"),
        ("fraud", "validator"),
        ("retail", "owner"),
    ]
    assert pointers(ben.put("business-units/fraud/members/x@y.z/", roles)) == ["/email"]


def test_secrets_of_a_server_are_stored_encrypted_and_never_answered(pat):
    body = {"origin": "https://ml.example.com/", "username": "muster", "password": "pssst-pssst"}
    answer = pat.put("mlflow-servers/main/", body)
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM registry_mlflowserver WHERE slug = 'main'")
        (stored,) = cursor.fetchone()
    told = answer.content.decode() + str(list(AuditEvent.objects.values()))

    assert answer.status_code == 201
    assert answer.json()["has_credentials"] is True
    assert MLflowServer.objects.get(slug="main").password == "pssst-pssst"
    assert "pssst" not in stored + told


def test_credentials_do_not_travel_to_a_new_address(pat):
    pat.put("mlflow-servers/main/", {"origin": "https://ml.example.com", "token": "secret"})
    moved = pat.put("mlflow-servers/main/", {"origin": "https://other.example.com"}).json()

    assert moved["has_credentials"] is False


@pytest.mark.parametrize(
    "origin",
    [
        "ftp://x",
        "http://",
        "x.example.com",
        "http://u:p@x.example",
        "http://x/?q=1",
        "http://x:0x1",
        "http://169.254.169.254",
        "http://2852039166",
        "http://[fe80::1%25eth0]",
        "http://[fd00:ec2::254]",
        "http://[::ffff:169.254.169.254]",
        "http://168.63.129.16",
    ],
)
def test_an_address_that_cannot_be_a_server_is_refused(pat, origin):
    assert pointers(pat.put("mlflow-servers/main/", {"origin": origin})) == ["/origin"]


def test_one_server_an_origin_and_workspace(pat):
    pat.put("mlflow-servers/main/", {"origin": "https://ml.example.com"})

    assert pointers(pat.put("mlflow-servers/b/", {"origin": "https://ml.example.com"})) == [
        "/origin"
    ]


def test_servers_are_seen_by_those_whose_models_come_from_them(people):
    server = factories.MLflowServerFactory.create(slug="default")
    people.model.mlflow_server, people.model.mlflow_name = server, "x"
    people.model.save(update_fields=["mlflow_server", "mlflow_name"])

    seen = Caller(people.ben).get("mlflow-servers/").json()["results"]

    assert [row["slug"] for row in seen] == ["default"]
    assert Caller(people.chris).get("mlflow-servers/").json()["results"] == []
    assert Caller(people.chris).get("mlflow-servers/default/").status_code == 404


def test_a_token_is_shown_once_and_can_be_revoked(people):
    ana = Caller(people.ana)
    made = ana.post("tokens/", {"name": "ci", "scopes": ["see"], "days": 7})
    key, number = made.json()["token"], made.json()["id"]
    listed = ana.get("tokens/")
    headers = {"Authorization": f"Bearer {key}"}

    assert made.status_code == 201
    assert key not in listed.content.decode()
    assert ana.client.get("/api/v1/me/", headers=headers).status_code == 200
    assert Caller(people.ben).delete(f"tokens/{number}/").status_code == 404
    assert ana.delete(f"tokens/{number}/").status_code == 204
    assert ana.client.get("/api/v1/me/", headers=headers).status_code == 401


def test_a_limited_token_makes_no_wider_one(people):
    narrow = Caller(people.ana, scopes=["see"], unit=people.fraud)

    assert pointers(narrow.post("tokens/", {"name": "x"})) == ["/scopes"]
    assert pointers(narrow.post("tokens/", {"name": "x", "scopes": ["edit_models"]})) == ["/scopes"]
    assert narrow.post("tokens/", {"name": "x", "scopes": ["see"]}).status_code == 201
    assert ApiToken.objects.latest("pk").unit == people.fraud


def test_wrong_tokens_are_refused_field_by_field(people):
    body = {"name": "", "scopes": ["everything"], "days": 0, "person": "pat@example.com"}

    assert pointers(Caller(people.ana).post("tokens/", body)) == [
        "/days",
        "/name",
        "/person",
        "/scopes/0",
    ]


def test_me_tells_what_one_may_do(people):
    rights = Caller(people.vera).get("me/").json()["rights"]

    assert rights == {"*": [], "fraud": ["act_on_incidents", "see"]}


def test_the_audit_is_seen_by_unit_and_the_platforms_only_by_fleet_roles(people, pat):
    pat.put("people/dora@example.com/", DORA)
    Caller(people.ana).patch("models/card-fraud/", {"name": "Cards"})

    def actions(who):
        rows = Caller(who).get("audit/").json()["results"]
        return {row["action"] for row in rows} - {"token.issued"}

    assert actions(people.ben) == {"model.changed"}
    assert actions(people.chris) == set()
    assert actions(people.pat) == {"model.changed", "person.added"}


@pytest.mark.parametrize("change", [{"is_active": False}, {"fleet_roles": ["auditor"]}])
def test_the_last_platform_admin_stays(change):
    people = cast()
    FleetRole.objects.filter(role="platform_admin").exclude(person=people.pat).delete()
    pat = Caller(people.pat)
    refused = pat.put(f"people/{people.pat.email}/", change)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (
        400,
        "last_platform_admin",
    )
    FleetRole.objects.create(person=people.ana, role="platform_admin")
    assert pat.put(f"people/{people.pat.email}/", change).status_code == 200


@pytest.mark.parametrize(
    ("own", "other", "code"),
    [(["see"], [], 400), (["see"], ["edit_models"], 400), (["see"], ["see"], 204), ([], [], 204)],
)
def test_a_token_revokes_none_that_may_do_more(own, other, code):
    people = cast()
    with transaction.atomic():
        _, key = tokens.issue(
            actors.system("tests"), person=people.ana, name="own", at=clock.now(), scopes=own
        )
        row, _ = tokens.issue(
            actors.system("tests"), person=people.ana, name="other", at=clock.now(), scopes=other
        )
    answer = Client().delete(
        f"/api/v1/tokens/{row.pk}/", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == code, answer.content
    row.refresh_from_db()
    assert (row.revoked_at is not None) is (code == 204)


@pytest.mark.parametrize(
    ("address", "pointer"),
    [
        ("models/?count=maybe", "/count"),
        ("models/?count=", "/count"),
        ("models/?bu=fraud&bu=retail", "/bu"),
        ("models/?limit=5&limit=6", "/limit"),
        ("audit/?action=model.chnged", "/action"),
        ("audit/?actor=a&actor=b", "/actor"),
    ],
)
def test_what_an_address_cannot_mean_is_named_with_a_remedy(people, address, pointer):
    answer = Caller(people.ana).get(address)

    assert pointers(answer) == [pointer]
    assert all(error["fix"] for error in answer.json()["errors"])


def test_a_tag_may_stand_there_twice_and_a_count_may_be_false(people):
    ana = Caller(people.ana)

    assert ana.get("models/?tag=a&tag=b").status_code == 200
    assert "count" not in ana.get("models/?count=false").json()
    assert ana.get("audit/?action=model.changed").status_code == 200
