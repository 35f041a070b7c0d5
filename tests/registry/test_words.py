"""What may be written as a name, which words addresses keep, and how a field is mended."""

from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import Field

from registry import slugs
from registry.bodies import Body, parse
from registry.inputs import Email, LongText, ModelBody, Tag
from registry.plain_text import Name
from registry.problems import Invalid
from tests.routes import all_routes


class Inner(Body):
    limit: float = Field(ge=0, le=1)


class Sample(Body):
    name: Name = ""
    tags: list[Tag] = []
    text: LongText = ""
    email: Email = ""
    kind: Literal["a", "b"] | None = None
    start: datetime | None = None
    parts: list[Inner] = []
    named: dict[str, Inner] = {}
    code: Annotated[str, Field(pattern="^[a-z]+$", max_length=3)] = ""


def wrong(data, schema=Sample):
    with pytest.raises(Invalid) as caught:
        parse(schema, data)
    (error,) = caught.value.errors
    return error


@pytest.mark.parametrize(
    "text",
    ["Card\u202efraud", "Card\u200bfraud", "a\x07b", "\u2066x", "a\u2028b", "a\nb", "\ufeffa"],
)
def test_a_name_with_a_hidden_character_is_refused_with_its_place(text):
    error = wrong({"name": text})

    assert (error.pointer, error.code) == ("/name", "hidden_character")
    assert "U+" in error.detail
    assert "take it out" in error.fix


@pytest.mark.parametrize("text", ["...", "!?", "—", "🙂"])
def test_a_name_needs_something_to_read_out(text):
    assert wrong({"name": text}).code == "no_letter"
    assert "letter or digit" in wrong({"tags": [text]}).detail


@pytest.mark.parametrize(
    "text", ["Betrug 2", "信用卡", "\u0645\u06cc\u200c\u062e\u0648", "👩\u200d🔬 lab", "Ärger"]
)
def test_names_of_every_language_are_taken(text):
    assert parse(Sample, {"name": text}).name == text


def test_a_long_text_has_lines_and_nothing_hidden():
    assert parse(Sample, {"text": "a\n\tb\r\n"}).text == "a\n\tb"
    assert wrong({"text": "a\u202eb"}).code == "hidden_character"


@pytest.mark.parametrize(
    ("data", "pointer", "fix"),
    [
        ({"kind": "c"}, "/kind", "one of a, b or null"),
        ({"kind": 3}, "/kind", "one of a, b or null"),
        ({"parts": [{}]}, "/parts/0/limit", "a number, at least 0, at most 1"),
        ({"parts": [{"limit": 7}]}, "/parts/0/limit", "a number, at least 0, at most 1"),
        ({"parts": 3}, "/parts", "a list (each: an object with limit)"),
        ({"named": {"x": {"limit": "1"}}}, "/named/x/limit", "a number, at least 0, at most 1"),
        ({"email": "nobody"}, "/email", "an e-mail address, such as ana@example.com"),
        ({"code": "A"}, "/code", "text, at most 3 characters, matching ^[a-z]+$"),
        ({"start": "soon"}, "/start", "a time with its zone, such as 2026-08-17T00:00:00Z or null"),
        ({"name": None}, "/name", "text, not empty, at most 120 characters"),
    ],
)
def test_the_fix_says_what_may_stand_there(data, pointer, fix):
    error = wrong(data)

    assert (error.pointer, error.fix) == (pointer, fix)


def test_choices_of_a_model_are_listed():
    assert "fully_automated" in wrong({"decision_role": "boss"}, ModelBody).fix
    assert wrong({"jurisdictions": ["Mars"]}, ModelBody).fix.startswith("a country or region")


def test_the_kept_words_are_those_that_stand_where_a_slug_could():
    paths = {tuple(route.path.strip("/").split("/")) for route in all_routes()}
    kept = {
        path[place]
        for path in paths
        for place, part in enumerate(path)
        for other in paths
        if not part.startswith("<")
        and len(other) > place
        and other[place].startswith("<")
        and other[:place] == path[:place]
        and path[0] != "admin"
    }

    assert kept == slugs.RESERVED


@pytest.mark.parametrize("word", sorted(slugs.RESERVED))
def test_a_kept_word_is_refused_with_a_way_out(word):
    with pytest.raises(Invalid, match="something else") as caught:
        slugs.slug_of(word, longest=60)

    assert f"{word}-model" in caught.value.errors[0].fix
