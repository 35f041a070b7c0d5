"""Nobody gives themselves the right to approve."""

import pytest

from registry.models import Membership
from registry.models.people import UnitRole
from tests.cast import cast
from tests.factories import MembershipFactory
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    made = cast()
    MembershipFactory.create(person=made.ben, unit=made.fraud, role=UnitRole.UNIT_ADMIN)
    return made


def approvers():
    return set(Membership.objects.filter(role="approver").values_list("person__name", flat=True))


def test_a_unit_admin_does_not_make_themselves_an_approver(people):
    ben = Caller(people.ben)
    address = "business-units/fraud/members/ben@example.com/"

    answer = ben.put(address, {"roles": ["unit_admin", "approver"]})

    assert pointers(answer) == ["/roles"]
    assert answer.json()["errors"][0]["code"] == "own_approval"
    assert ben.put(address, {"roles": ["unit_admin", "viewer"]}).status_code == 200
    assert approvers() == set()


@pytest.mark.parametrize("address", ["people/", "business-units/fraud/members/"])
def test_nor_does_a_platform_admin_by_either_door(people, address):
    pat = Caller(people.pat)
    body = (
        {"memberships": [{"business_unit": "fraud", "role": "approver"}]}
        if address == "people/"
        else {"roles": ["approver"]}
    )

    assert pat.put(f"{address}pat@example.com/", body).status_code == 400
    assert pat.put(f"{address}vera@example.com/", body).status_code == 200
    assert approvers() == {"Vera"}


def test_who_approves_already_keeps_the_role(people):
    MembershipFactory.create(person=people.ben, unit=people.fraud, role="approver")
    address = "business-units/fraud/members/ben@example.com/"

    roles = {"roles": ["unit_admin", "approver", "viewer"]}
    assert Caller(people.ben).put(address, roles).status_code == 200
    assert approvers() == {"Ben"}
