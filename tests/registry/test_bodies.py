"""A body is read strictly, and what is wrong with it is said field by field."""

from datetime import datetime
from typing import Literal

import pytest

from registry.bodies import Body, parse
from registry.problems import Invalid


class Inner(Body):
    limit: float


class Sample(Body):
    name: str = ""
    deputy: str | None = None
    kind: Literal["a", "b"] = "a"
    start: datetime | None = None
    parts: list[Inner] = []


def errors_of(data):
    with pytest.raises(Invalid) as caught:
        parse(Sample, data, at="/spec")
    return [(error.pointer, error.code) for error in caught.value.errors]


def test_only_what_was_sent_is_given():
    assert parse(Sample, {"deputy": None}).given() == {"deputy": None}


def test_an_unknown_field_is_named_with_the_known_ones():
    with pytest.raises(Invalid) as caught:
        parse(Sample, {"nmae": "x"})

    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("/nmae", "unknown_field")
    assert "name" in error.fix


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"name": None}, "/spec/name"),
        ({"name": 3}, "/spec/name"),
        ({"kind": "c"}, "/spec/kind"),
        ({"parts": [{"limit": 1}, {"limit": "1"}]}, "/spec/parts/1/limit"),
        ({"parts": [{"limit": 1, "a/b": 2}]}, "/spec/parts/0/a~1b"),
        ({"start": "yesterday"}, "/spec/start"),
    ],
)
def test_each_wrong_field_has_its_pointer(data, pointer):
    assert [found for found, _ in errors_of(data)] == [pointer]


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_a_body_that_is_no_object_is_refused(data):
    with pytest.raises(Invalid):
        parse(Sample, data)


def test_dates_and_choices_may_be_text():
    found = parse(Sample, {"start": "2026-08-17T00:00:00Z", "kind": "b"})

    assert found.start.isoformat() == "2026-08-17T00:00:00+00:00"
