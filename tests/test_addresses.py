"""What holds for every address of the API: what it does not know, it says."""

import re

import pytest
from django.test import Client

from tests import world
from tests.cast import bearer, person
from tests.factories import FleetRoleFactory
from tests.isolation_rows import ROWS
from tests.routes import Route, all_routes

pytestmark = pytest.mark.django_db
ENDPOINTS = [route for route in all_routes() if route.path.startswith("api/v1/")]


@pytest.fixture
def admin():
    pat = person("pat")
    FleetRoleFactory.create(person=pat, role="platform_admin")
    return bearer(pat)


def address(route: Route, ours: world.World) -> str:
    values = ROWS[route.path].values(ours)
    return "/" + re.sub(r"<(\w+)>", lambda match: str(values[match.group(1)]), route.path)


def test_no_address_takes_a_parameter_that_it_does_not_know(admin, client):
    ours = world.make("zebra")
    answers = {
        route.path: client.get(address(route, ours) + "?nonsense=1", headers=admin)
        for route in ENDPOINTS
        if "get" in route.methods()
    }

    odd = {path: answer.content for path, answer in answers.items() if answer.status_code != 400}
    assert odd == {}
    error = answers["api/v1/models/<key>/runs/"].json()["errors"][0]
    assert (error["pointer"], error["code"]) == ("/nonsense", "unknown_filter")
    assert error["fix"] == "known here: brief, check, count, cursor, fields, limit, omit, state"


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address_of_the_api_is_a_problem(admin, client, method):
    answer = getattr(client, method)("/api/v1/nonsense/", headers=admin)
    stranger = getattr(client, method)("/api/v2/models/")

    assert (answer.status_code, stranger.status_code) == (404, 404)
    assert answer["Content-Type"] == stranger["Content-Type"] == "application/problem+json"
    assert answer.json()["instance"] == "/api/v1/nonsense/"
    assert answer.json()["request_id"]
    assert "/api/docs/" in answer.json()["detail"]


def test_an_unknown_page_is_a_page(client):
    assert client.get("/nonsense/")["Content-Type"].startswith("text/html")


def test_a_fault_of_our_own_is_a_problem_that_tells_nothing(admin, monkeypatch):
    monkeypatch.setattr("registry.access.visible_units", lambda actor: 1 / 0)
    answer = Client(raise_request_exception=False).get("/api/v1/business-units/", headers=admin)

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "division" not in answer.content.decode()
