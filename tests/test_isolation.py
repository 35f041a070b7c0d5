"""The isolation matrix: every route, every method, every role, own unit and another's.

The routes come from the URLconf, so that a new route without a row here fails the build.
"""

import re
from dataclasses import dataclass

import pytest
from django.test import Client

from policies.models import PolicyVersion, RetrainingPolicy
from registry import actors, clock, tokens
from registry.models import FleetRole, Membership, Person
from tests import world
from tests.isolation_rows import ROWS, Row
from tests.routes import Route, all_routes
from tests.world import World

pytestmark = pytest.mark.django_db

ROUTES = [route for route in all_routes() if not route.path.startswith("admin/")]
UNSAFE = ("post", "put", "patch", "delete")
OURS, THEIRS = "zebra", "heron"


@dataclass
class Reader:
    """Somebody with a way to call an address."""

    name: str
    person: Person | None
    key: str = ""

    def call(self, method: str, path: str):
        client = Client()
        headers = {}
        if path.startswith("/api/") and self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        elif self.person is not None:
            client.force_login(self.person)
        body = (
            {"data": "{}", "content_type": "application/json"} if path.startswith("/api/") else {}
        )
        if method == "get":
            body = {}
        return getattr(client, method)(path, headers=headers, **body)


@pytest.fixture
def ours():
    return world.make(OURS)


@pytest.fixture
def theirs():
    return world.make(THEIRS)


def reader(name: str, *, unit=None, role: str = "", fleet_role: str = "", limit=None) -> Reader:
    person = Person.objects.create_user(f"{name}@readers.example", name=name)
    if unit is not None:
        Membership.objects.create(person=person, unit=unit, role=role)
    if fleet_role:
        FleetRole.objects.create(person=person, role=fleet_role)
    _, key = tokens.issue(
        actors.system("tests"), person=person, name=name, at=clock.now(), unit=limit
    )
    return Reader(name, person, key)


def row_of(route: Route) -> Row:
    return ROWS[route.path]


def path_of(route: Route, owner: World) -> str:
    values = row_of(route).values(owner)
    return "/" + re.sub(r"<(\w+)>", lambda match: str(values[match.group(1)]), route.path)


def routes_of(*kinds: str) -> list[Route]:
    return [r for r in ROUTES if r.path in ROWS and ROWS[r.path].kind in kinds]


def ids(route: Route) -> str:
    return route.path or "(start)"


def test_every_route_has_a_row():
    assert [route.path for route in ROUTES if route.path not in ROWS] == []


def test_every_row_has_a_route():
    paths = {route.path for route in ROUTES}

    assert [path for path in ROWS if path not in paths] == []


@pytest.mark.parametrize("route", routes_of("object", "own", "list", "platform", "self"), ids=ids)
def test_a_stranger_is_asked_to_sign_in(route, ours):
    stranger = Reader("stranger", None)

    for method in route.methods():
        answer = stranger.call(method, path_of(route, ours))
        if route.path.startswith("api/"):
            assert answer.status_code in (401, 405), method
        else:
            assert answer.status_code in (302, 405), method
            assert answer.status_code == 405 or "/sign-in/" in answer["Location"]
        assert OURS not in answer.content.decode().replace(path_of(route, ours), "")


@pytest.mark.parametrize("route", routes_of("object", "own"), ids=ids)
def test_an_object_of_another_unit_does_not_exist(route, ours, theirs):
    for outsider in outsiders(ours, theirs, pages=not route.path.startswith("api/")):
        for method in route.methods():
            answer = outsider.call(method, path_of(route, ours))
            if row_of(route).made_by_platform and method in UNSAFE:
                assert answer.status_code in (401, 403, 405), (outsider.name, method)
            else:
                assert answer.status_code in (404, 405), (outsider.name, method)
            assert OURS not in without_path(answer, route, ours), (outsider.name, method)


@pytest.mark.parametrize("route", routes_of("list"), ids=ids)
def test_a_list_never_tells_of_another_unit(route, ours, theirs):
    for outsider in outsiders(ours, theirs, pages=not route.path.startswith("api/")):
        for query in ("", f"?q={OURS}", f"?bu=unit-{OURS}", "?count=true"):
            answer = outsider.call("get", path_of(route, theirs) + query)
            assert answer.status_code in (200, 400, 404, 405), (outsider.name, query)
            told = text_of(answer).replace(f"q={OURS}", "").replace(f"unit-{OURS}", "")
            told = told.replace(f'value="{OURS}"', "")
            assert OURS not in told, (outsider.name, query)


@pytest.mark.parametrize("route", routes_of("platform"), ids=ids)
def test_only_a_platform_admin_changes_the_platform(route, ours, theirs):
    for outsider in outsiders(ours, theirs, pages=not route.path.startswith("api/")):
        for method in route.methods():
            answer = outsider.call(method, path_of(route, ours))
            allowed = (403, 404, 405) if method in UNSAFE else (200, 403, 404, 405)
            assert answer.status_code in allowed, (outsider.name, method)


@pytest.mark.parametrize("route", routes_of("object"), ids=ids)
def test_a_viewer_reads_and_changes_nothing(route, ours):
    viewer = reader("viewer", unit=ours.unit, role="viewer")

    for method in route.methods():
        answer = viewer.call(method, path_of(route, ours))
        if method == "get":
            assert answer.status_code in (200, 302, 403, 405), method
        else:
            assert answer.status_code in (403, 404, 405), method


@pytest.mark.parametrize("route", routes_of("own"), ids=ids)
def test_what_is_ones_own_is_not_even_the_units(route, ours):
    for role in ("viewer", "owner", "unit_admin"):
        colleague = reader(role, unit=ours.unit, role=role)
        for method in route.methods():
            assert colleague.call(method, path_of(route, ours)).status_code in (404, 405), role


@pytest.mark.parametrize("route", routes_of("object", "list"), ids=ids)
@pytest.mark.parametrize("role", ["risk_reader", "auditor"])
def test_a_fleet_reader_reads_all_and_changes_nothing(route, role, ours):
    fleet_reader = reader(role, fleet_role=role)

    for method in route.methods():
        answer = fleet_reader.call(method, path_of(route, ours))
        if method == "get":
            assert answer.status_code in (200, 302, 403, 405), method
        else:
            assert answer.status_code in (400, 403, 404, 405), method
            assert answer.status_code != 400 or row_of(route).kind == "list"


@pytest.mark.parametrize("route", routes_of("object", "own"), ids=ids)
def test_the_owner_can_read_it(route, ours):
    owner = Reader("owner", ours.owner, key_of(ours.owner))

    if "get" in route.methods():
        answer = owner.call("get", path_of(route, ours))
        assert answer.status_code in (200, 302, 403, 405)
        assert answer.status_code != 403 or row_of(route).needs_more


def key_of(person: Person) -> str:
    return tokens.issue(actors.system("tests"), person=person, name="own", at=clock.now())[1]


def outsiders(ours: World, theirs: World, *, pages: bool) -> list[Reader]:
    """People who must see nothing of ours; on the API also a token that is limited to a unit."""
    people = [
        Reader("owner-elsewhere", theirs.owner, key_of(theirs.owner)),
        reader("admin-elsewhere", unit=theirs.unit, role="unit_admin"),
        reader("nobody"),
    ]
    if pages:
        return people
    both = reader("both-units", unit=theirs.unit, role="unit_admin", limit=theirs.unit)
    Membership.objects.create(person=both.person, unit=ours.unit, role="unit_admin")
    return [*people, Reader("limited-token", None, both.key)]


def text_of(answer) -> str:
    """The body, also of an answer that is written while it is sent."""
    return answer.getvalue().decode()


def without_path(answer, route: Route, ours: World) -> str:
    """The body without the caller's own words: the address that was asked for."""
    return answer.content.decode().replace(path_of(route, ours), "")


def test_a_policy_of_the_whole_fleet_hides_models_one_may_not_see(ours, theirs):
    policy = RetrainingPolicy.objects.create(slug="fleet-wide")
    PolicyVersion.objects.create(
        policy=policy,
        number=1,
        selector={"models": [ours.model.slug, theirs.model.slug]},
        spec={"signals": []},
        at=world.MONDAY,
    )
    outsider = Reader("owner-elsewhere", theirs.owner, key_of(theirs.owner))

    for path in ("/policies/", "/policies/fleet-wide/", "/api/v1/policies/fleet-wide/"):
        told = outsider.call("get", path).content.decode()
        assert THEIRS in told, path
        assert OURS not in told, path
