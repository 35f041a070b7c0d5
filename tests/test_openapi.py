"""The description of the API in Git is today's, and breaks nobody unannounced."""

import copy
import json
import re
from pathlib import Path

import pytest

from script.runner import openapi
from tests.openapi_breaks import breaks

DOCS = Path(__file__).resolve().parent.parent / "docs"
BODY = "components.schemas.Body"
SHOWN = "components.schemas.Shown"


def read(name):
    return json.loads((DOCS / name).read_text(encoding="utf-8"))


def test_the_document_in_git_is_todays():
    kept = (DOCS / "openapi.json").read_text(encoding="utf-8")

    assert kept == openapi.document(), "run script/openapi and commit docs/openapi.json"


def test_nothing_breaks_that_is_not_listed():
    text = (DOCS / "openapi.breaks.md").read_text(encoding="utf-8").partition("## Listed")[2]
    listed = re.findall(r"^\* `([^`]+)` \S", text, re.M)
    found = breaks(read("openapi.released.json"), read("openapi.json"))

    assert found == listed, "list each break with its reason in docs/openapi.breaks.md, or undo it"


SMALL = {
    "paths": {
        "/things/": {
            "get": {
                "parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Shown"}}
                        }
                    },
                    "404": {"description": "no"},
                },
            },
            "put": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Body"}}
                    }
                },
                "responses": {"200": {"description": "done"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Body": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 60},
                    "size": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                    "kind": {"enum": ["a", "b"], "type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
            "Shown": {
                "type": "object",
                "required": ["name", "kind"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]},
                    "more": {"type": "array", "items": {"$ref": "#/components/schemas/Shown"}},
                },
            },
            "Kind": {"type": "string", "enum": ["a", "b"]},
        }
    },
}
GET = "paths./things/.get"
PUT = "paths./things/.put"
GONE = object()


def changed(place, value):
    """Return the small document with one place changed; GONE takes it out."""
    made = copy.deepcopy(SMALL)
    *above, last = place.split(".")
    node = made
    for name in above:
        node = node[int(name) if isinstance(node, list) else name]
    if value is GONE:
        del node[int(last) if isinstance(node, list) else last]
    else:
        node[last] = value
    return made


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("paths./things/", GONE, "/things/: path removed"),
        (PUT, GONE, "PUT /things/: method removed"),
        (f"{GET}.parameters.0", GONE, "GET /things/ query q: parameter removed"),
        (f"{GET}.parameters.0.required", True, "GET /things/ query q: parameter now required"),
        (f"{GET}.parameters.0.schema.type", "integer",
         "GET /things/ query q: type narrowed by string"),
        (f"{GET}.responses.404", GONE, "GET /things/ 404: answer removed"),
        (f"{GET}.responses.200.content", {"text/csv": {}},
         "GET /things/ 200: format application/json removed"),
        (f"{PUT}.requestBody.required", True, "PUT /things/ body: now required"),
        (f"{PUT}.requestBody.content", {"text/csv": {}},
         "PUT /things/ body: format application/json removed"),
        (f"{BODY}.properties.size", GONE, "Body (sent).size: property removed"),
        (f"{BODY}.required", ["name", "kind"], "Body (sent).kind: now required"),
        (f"{BODY}.properties.size.anyOf.1", GONE, "Body (sent).size: type narrowed by null"),
        (f"{BODY}.properties.size.anyOf.0.type", "integer",
         "Body (sent).size: type narrowed by number"),
        (f"{BODY}.properties.kind.enum", ["a"], "Body (sent).kind: value removed: b"),
        (f"{BODY}.properties.name.enum", ["x"], "Body (sent).name: held to values"),
        (f"{BODY}.properties.name.maxLength", 50, "Body (sent).name: maxLength lowered"),
        (f"{BODY}.properties.name.minLength", 1, "Body (sent).name: minLength raised"),
        (f"{BODY}.properties.name.pattern", "^a", "Body (sent).name: another pattern"),
        (f"{BODY}.properties.tags.items.type", "integer",
         "Body (sent).tags[]: type narrowed by string"),
        (f"{SHOWN}.properties.name", GONE, "Shown (answered).name: property removed"),
        (f"{SHOWN}.required", ["name"], "Shown (answered).kind: no longer always there"),
        (f"{SHOWN}.properties.name.type", ["string", "null"],
         "Shown (answered).name: type widened by null"),
        ("components.schemas.Kind.enum", ["a"],
         "Shown (answered).kind: value removed: b"),
    ],
)  # fmt: skip
def test_each_kind_of_break_is_seen(place, value, told):
    assert told in breaks(SMALL, changed(place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("paths./others/", {}),
        (f"{GET}.parameters.0.description", "words"),
        (f"{BODY}.properties.more", {"type": "string"}),
        (f"{BODY}.properties.kind.enum", ["a", "b", "c"]),
        (f"{BODY}.properties.name.maxLength", 90),
        (f"{BODY}.required", []),
        (f"{BODY}.properties.name.type", ["string", "null"]),
        (f"{SHOWN}.properties.other", {"type": "string"}),
        (f"{SHOWN}.required", ["name", "kind", "more"]),
        (f"{SHOWN}.properties.kind.anyOf.1", GONE),
    ],
)
def test_what_only_adds_breaks_nothing(place, value):
    assert breaks(SMALL, changed(place, value)) == []
