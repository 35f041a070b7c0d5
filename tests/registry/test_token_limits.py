"""A token holds what it was given, never more than its person, and never the power to approve."""

from datetime import timedelta

import pytest
from django.test import Client

from registry import access, actors, clock, tokens
from registry.access import FLEET_RIGHTS, NEVER_BY_TOKEN, UNIT_RIGHTS, Right
from registry.actors import Actor
from registry.models import ApiToken, FleetRole, Membership
from registry.models.people import FleetRoleName, UnitRole
from tests.cast import bearer, person

pytestmark = pytest.mark.django_db


def by_token(person, scopes, unit=None) -> Actor:
    return Actor(
        person=person,
        label="token",
        unit_id=unit.pk if unit else None,
        scopes=frozenset(scopes),
        by_token=True,
    )


@pytest.mark.parametrize("role", [*UnitRole.values, *FleetRoleName.values])
@pytest.mark.parametrize("right", list(Right))
def test_a_scope_gives_one_right_and_only_if_its_person_has_it(people, role, right):
    if role in FleetRoleName.values:
        FleetRole.objects.create(person=people.chris, role=role)
        has = FLEET_RIGHTS[role] | UNIT_RIGHTS[UnitRole.OWNER]
    else:
        Membership.objects.filter(person=people.chris).delete()
        Membership.objects.create(person=people.chris, unit=people.retail, role=role)
        has = UNIT_RIGHTS[role]

    found = access.rights(by_token(people.chris, [right]), people.retail)

    assert found == ({right} & has) - NEVER_BY_TOKEN


@pytest.mark.parametrize("right", list(Right))
def test_a_token_of_one_unit_reaches_no_other_even_for_a_platform_admin(people, right):
    limited = by_token(people.pat, [right], people.fraud)

    assert access.rights(limited, people.retail) == set()
    assert access.rights(limited, None) == set()
    assert not access.visible_models(by_token(people.pat, [right], people.retail)).exists()


@pytest.mark.parametrize("role", FleetRoleName.values)
def test_a_token_of_one_unit_holds_that_units_part_of_a_fleet_wide_role(people, role):
    rita = person("rita")
    FleetRole.objects.create(person=rita, role=role)
    limited = by_token(rita, list(Right), people.fraud)

    wanted = FLEET_RIGHTS[role] - {Right.MANAGE_PLATFORM}
    assert access.rights(limited, people.fraud) == wanted
    assert access.rights(limited, people.retail) == access.rights(limited, None) == set()
    assert list(access.visible_units(limited)) == [people.fraud]
    assert {model.unit for model in access.visible_models(limited)} == {people.fraud}
    assert people.chris not in access.visible_people(limited)
    assert not access.visible_audit(limited).exclude(unit=people.fraud).exists()
    blind = by_token(rita, set(Right) - {Right.SEE}, people.fraud)
    assert not access.visible_units(blind).exists()


def test_no_token_approves_whatever_its_person_may(people):
    judging = {right for right in Right if "approv" in right or "attest" in right}
    assert judging == NEVER_BY_TOKEN
    approver = Membership.objects.create(person=people.ana, unit=people.fraud, role="approver")
    assert Right.APPROVE in access.rights(actors.of_person(approver.person), people.fraud)
    for scopes in (list(Right), [Right.APPROVE]):
        assert Right.APPROVE not in access.rights(by_token(people.ana, scopes), people.fraud)


def test_a_platform_admin_answers_for_nothing():
    assert Right.ACT_ON_INCIDENTS not in FLEET_RIGHTS[FleetRoleName.PLATFORM_ADMIN]


@pytest.mark.parametrize("role", [FleetRoleName.RISK_READER, FleetRoleName.AUDITOR])
def test_readers_of_the_fleet_only_see(role):
    assert FLEET_RIGHTS[role] == {Right.SEE}


def test_a_token_that_may_only_see_changes_nothing(client, people):
    key = bearer(people.ana, scopes=["see"])

    assert client.get("/api/v1/models/card-fraud/", headers=key).status_code == 200
    answer = client.patch(
        "/api/v1/models/card-fraud/", {}, content_type="application/json", headers=key
    )
    assert answer.status_code == 403


def test_a_token_that_may_not_see_finds_nothing(client, people):
    key = bearer(people.ana, scopes=["edit_models"])

    assert client.get("/api/v1/models/card-fraud/", headers=key).status_code == 404
    assert client.get("/api/v1/models/", headers=key).json()["results"] == []


def test_a_token_ends_at_its_time_at_its_revocation_and_with_its_person(people):
    system, now = actors.system("tests"), clock.now()
    token, key = tokens.issue(system, person=people.ana, name="t", at=now, days=1)

    found = tokens.find(key)
    assert found is not None
    assert (found.token, found.token.person) == (token, people.ana)
    assert timedelta(0) <= found.at - now < timedelta(minutes=1)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=found.at)
    assert tokens.find(key) is None
    ApiToken.objects.filter(pk=token.pk).update(expires_at=found.at + timedelta(days=1))
    tokens.revoke_own(actors.of_person(people.ana), str(token.pk), at=now)
    assert tokens.find(key) is None
    _, other = tokens.issue(system, person=people.ben, name="t", at=now)
    people.ben.is_active = False
    people.ben.save(update_fields=["is_active"])
    assert tokens.find(other) is None


def test_the_key_is_shown_once_and_only_its_digest_is_kept(people):
    client = Client()
    client.force_login(people.ana)
    made = client.post("/settings/tokens/", {"name": "ci", "days": "30"}).content.decode()
    key = made.split('<code class="token">')[1].split("<")[0]
    token = tokens.mine(actors.of_person(people.ana)).get(name="ci")

    assert token.digest == tokens.digest(key)
    assert key not in client.get("/settings/tokens/").content.decode()
    assert "never" in client.get("/settings/tokens/").content.decode()
    client.get("/api/v1/me/", headers={"Authorization": f"Bearer {key}"})
    assert "just now" in client.get("/settings/tokens/").content.decode()
