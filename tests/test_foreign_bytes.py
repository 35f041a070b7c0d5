"""Filters, search, ordering and counts tell nothing of another unit, not even that it is there.

Every parameter that the API's own description names is tried with words of the other unit, and
with words that nobody has: both answers must be the same but for the word itself.
"""

import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests import world
from tests.test_isolation import OURS, THEIRS, Reader, key_of, outsiders, path_of, routes_of

pytestmark = pytest.mark.django_db

NOBODYS = "quagga"[: len(OURS)].ljust(len(OURS), "x")
SHAPING = {"order", "sort", "count", "fields", "limit", "cursor", "page", "format", "as_of"}
ALWAYS = {"q", "order", "sort", "count", "fields"}  # told by the description or not
# Request ids and times differ from answer to answer by themselves.
_CHANGING = re.compile(
    rb'"(request_id|instance)": ?"[^"]*"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(Z|[+]\d\d:\d\d)?'
)
API_LISTS = [route for route in routes_of("list") if route.path.startswith("api/")]


def parameters() -> dict[str, list[str]]:
    """Return the query parameters of each GET, by path as the URLconf writes it."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {
        re.sub(r"{(\w+)}", r"<\1>", path).lstrip("/"): [
            item["name"] for item in methods["get"].get("parameters", []) if item["in"] == "query"
        ]
        for path, methods in paths.items()
        if "get" in methods
    }


def words(mark: str, name: str) -> list[str]:
    """Return what the things of a unit are called, for one mark; only one word for shaping."""
    if name in SHAPING:
        return [f"unit-{mark}"]
    return [f"unit-{mark}", f"model-{mark}", f"owner@{mark}.example"]


def told(reader: Reader, path: str, mark: str) -> tuple[int, bytes]:
    """Return the answer, streamed or not, without what differs by itself."""
    answer = reader.call("get", path)
    return answer.status_code, _CHANGING.sub(b"", answer.getvalue()).replace(mark.encode(), b"*")


def readable(routes):
    return [route for route in routes if "get" in route.methods()]


def test_every_list_of_the_api_is_described():
    described = parameters()

    assert [route.path for route in readable(API_LISTS) if route.path not in described] == []


def test_a_parameter_answers_alike_for_what_is_hidden_and_what_is_not_there():
    ours, theirs = world.make(OURS), world.make(THEIRS)
    everybody = {reader.name: reader for reader in outsiders(ours, theirs, pages=False)}
    elsewhere, limited = everybody["owner-elsewhere"], everybody["limited-token"]
    described, differing = parameters(), []

    for route in readable(API_LISTS):
        path = path_of(route, theirs)
        for name in sorted(ALWAYS | set(described[route.path])):
            pairs = list(zip(words(OURS, name), words(NOBODYS, name), strict=True))
            # The token's person belongs to both units: what it hides is looked for by the first.
            asked = [(elsewhere, *pair) for pair in pairs] + [(limited, *pairs[0])]
            for outsider, hidden, nowhere in asked:
                there = told(outsider, f"{path}?{name}={hidden}", OURS)
                if there != told(outsider, f"{path}?{name}={nowhere}", NOBODYS):
                    differing.append((outsider.name, path, name, hidden))

    assert differing == []


def test_what_another_unit_has_does_not_change_a_list_or_its_count():
    theirs = world.make(THEIRS)
    reader = Reader("owner-elsewhere", theirs.owner, key_of(theirs.owner))
    asked = [
        path_of(route, theirs) + query
        for route in readable(API_LISTS)
        for query in ("", "?count=true", "?limit=1", "?page_size=1")
    ]
    before = {path: told(reader, path, OURS) for path in asked}

    world.make(OURS)

    assert [path for path in asked if told(reader, path, OURS) != before[path]] == []
