"""Bodies that are no JSON, or JSON that nothing can keep, are refused by place and remedy."""

import json

import pytest
from rest_framework.exceptions import ParseError

from registry import json_intake
from tests.cast import cast
from tests.registry.api import Caller

ADDRESS = "/api/v1/models/card-fraud/"
DEEP = b'{"name": ' + b"[" * 30 + b"]" * 30 + b"}"


@pytest.fixture
def ana(db):
    return Caller(cast().ana)


def sent(ana, body, content_type="application/json"):
    answer = ana.client.patch(ADDRESS, data=body, content_type=content_type, headers=ana.headers)
    assert answer["Content-Type"] == "application/problem+json"
    return answer


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b'{"name": NaN}', "number", "/name"),
        (b'{"tier_answers": {"exposure": -Infinity}}', "number", "/tier_answers/exposure"),
        (b'{"tier_answers": {"exposure": 1e400}}', "number", "/tier_answers/exposure"),
        (b'{"tier_answers": {"exposure": ' + b"9" * 5000 + b"}}", "number", "/"),
        (b'{"tags": ["a", "\\u0000"]}', "unstorable", "/tags/1"),
        (b'{"tags": ["\\ud800"]}', "unstorable", "/tags/0"),
        (b'{"a\\u0000": 1}', "unstorable", "/"),
        (b'{"name": "a", "name": "b"}', "twice", "/name"),
        (b'{"mlflow": {"model": "a", "model": "a"}}', "twice", "/mlflow/model"),
        (b'{"a/~\\u0000": {"b": 1, "b": 2}}', "unstorable", "/"),
        (b'{"a/~": {"b": 1, "b": 2}}', "twice", "/a~1~0/b"),
        (DEEP, "too_deep", "/name" + "/0" * 19),
        (b'{"name": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", "too_deep", "/"),
        (b'{"tags": [' + b'"a",' * 20_000 + b'"a"]}', "too_many", "/"),
        (b'\xef\xbb\xbf{"name": "bom"}', "bom", "/"),
        (b'{"name": "\xff"}', "not_utf8", "/"),
        ('{"name": "ü"}'.encode("utf-16"), "not_utf8", "/"),
        (b"{", "not_json", "/"),
    ],
)
def test_what_nothing_can_keep_is_refused_by_its_place(ana, body, code, pointer):
    answer = sent(ana, body)
    (error,) = answer.json()["errors"]

    assert answer.status_code == 400
    assert (error["code"], error["pointer"]) == (code, pointer[:200])
    assert error["detail"]
    assert error["fix"]


def test_a_body_that_is_too_large_is_a_413(ana):
    body = json.dumps({"purpose": "x" * json_intake.MAX_BYTES}).encode()
    answer = sent(ana, body)

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["fix"] == "send it in parts"


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-16", 'application/json; charset="latin-1"', "text/plain"],
)
def test_another_charset_or_format_is_a_415_that_says_what_is_taken(ana, kind):
    answer = sent(ana, b'{"name": "x"}', kind)
    (error,) = answer.json()["errors"]

    assert answer.status_code == 415
    assert error["pointer"] == "/Content-Type"
    assert "application/json" in error["fix"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'application/json;charset="utf8"']
)
def test_utf8_by_any_of_its_names_is_taken(ana, kind):
    answer = ana.client.patch(
        ADDRESS, data='{"name": "Über"}'.encode(), content_type=kind, headers=ana.headers
    )

    assert answer.status_code == 200
    assert answer.json()["name"] == "Über"


def test_every_object_of_a_body_counts_with_its_keys():
    fits = json.dumps({f"k{n}": n for n in range(4_999)}).encode()
    over = json.dumps({f"k{n}": n for n in range(5_001)}).encode()

    assert len(json_intake.loads(fits)) == 4_999
    with pytest.raises(ParseError):
        json_intake.loads(over)
    assert len(json_intake.loads(over, most_values=20_000)) == 5_001
