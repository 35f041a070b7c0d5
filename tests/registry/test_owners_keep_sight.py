"""Roles are not taken from an owner who would no longer see their model."""

import pytest

from registry.models import Membership, Person
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db
ANA = "people/ana@example.com/"
MEMBER = "business-units/fraud/members/ana@example.com/"


@pytest.fixture
def pat(people):
    return Caller(people.pat)


@pytest.mark.parametrize(
    ("address", "body", "pointer"),
    [
        (MEMBER, {"roles": []}, "/roles"),
        (ANA, {"memberships": []}, "/memberships"),
        (ANA, {"memberships": [{"business_unit": "retail", "role": "owner"}]}, "/memberships"),
    ],
)
def test_an_owner_is_not_left_without_sight(pat, people, address, body, pointer):
    answer = pat.put(address, body)
    (error,) = answer.json()["errors"]

    assert pointers(answer) == [pointer]
    assert error["code"] == "owns_models"
    assert "card-fraud" in error["detail"]
    assert "another owner" in error["fix"]
    assert Membership.objects.get(person=people.ana).role == "owner"


def test_other_roles_or_another_owner_will_do(pat, people):
    other = pat.put(MEMBER, {"roles": ["viewer"]})
    given = pat.patch("models/card-fraud/", {"owner": "ben@example.com"})
    out = pat.put(MEMBER, {"roles": []})

    assert (other.status_code, given.status_code, out.status_code) == (200, 200, 200)


def test_a_fleet_wide_role_that_shows_the_model_is_kept_too(pat, people):
    pat.put(ANA, {"fleet_roles": ["risk_reader"], "memberships": []})
    answer = pat.put(ANA, {"fleet_roles": []})

    assert pointers(answer) == ["/fleet_roles"]


def test_who_leaves_is_out_at_once(pat, people):
    answer = pat.put(ANA, {"is_active": False, "memberships": []})

    assert answer.status_code == 200
    assert not Person.objects.get(pk=people.ana.pk).is_active


def test_a_deputy_is_not_left_without_sight_either(pat, people):
    pat.patch("models/card-fraud/", {"deputy": "ben@example.com"})
    address = "business-units/fraud/members/ben@example.com/"

    (error,) = pat.put(address, {"roles": []}).json()["errors"]

    assert error["code"] == "owns_models"
    assert "is the deputy of card-fraud" in error["detail"]
    assert '{"deputy": "…"}' in error["fix"]
    pat.patch("models/card-fraud/", {"deputy": None})
    assert pat.put(address, {"roles": []}).status_code == 200
