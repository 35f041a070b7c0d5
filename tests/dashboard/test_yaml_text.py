"""The text of a whole spec is read as JSON would be, whatever else YAML can say."""

import pytest

from dashboard import yaml_text


def test_dates_stay_the_text_that_was_typed():
    given = "start: 2026-08-17T00:00:00Z\nday: 2026-08-17\nn: 3\nx: 0.5\non_: true\nnone: ~\n"

    assert yaml_text.loads(given) == {
        "start": "2026-08-17T00:00:00Z",
        "day": "2026-08-17",
        "n": 3,
        "x": 0.5,
        "on_": True,
        "none": None,
    }


def test_json_and_an_anchor_used_twice_are_read():
    assert yaml_text.loads('{"a": [1, "b"]}') == {"a": [1, "b"]}
    assert yaml_text.loads("a: &x [1]\nb: *x") == {"a": [1], "b": [1]}
    assert yaml_text.loads("# nothing") is None


LAUGHS = "a0: &a0 [1]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('a: "x\\0y"', "NUL"),
        ("a: x\0y", "not YAML"),
        ('a: "\\ud800"', "surrogate"),
        ('a: "\\UFFFFFFFF"', "too large"),
        ("a: !!set {b, c}", "'set' at line 1, column 4"),
        ("a: !!binary aGVsbG8=", "binary"),
        ("a: !!timestamp 2026-08-17", "timestamp"),
        ("a: !!python/object:os.system {}", "JSON does not know"),
        ("a: !!bool maybe", "no bool"),
        ("a: !!int ''", "no int"),
        ("a: !!merge x", "merge"),
        ("a: &a [*a]", "holds itself"),
        ("&a {b: *a}", "holds itself"),
        ("&a {*a : 1}", "holds itself"),
        ("[" * 3000, "deeper than 20"),
        ("[" * 21 + "]" * 21, "deeper than 20"),
        (LAUGHS, "10000 values"),
        ("a: .nan", "finite"),
        ("a: -.inf", "finite"),
        ("a: 0x" + "f" * 5000, "too large"),
        ("a: " + "9" * 5000, "no int"),
        ("a: 1" + ":59" * 300 + ".5", "too large"),
        ("1: a", "put it in quotes"),
        ("[a]: b", "put it in quotes"),
        ("a: 1\na: 2", "twice"),
        ("a: [1", "not YAML: "),
        ("a: 1\n---\nb: 2", "not YAML"),
        ("x" * 100_001, "longer"),
    ],
)
def test_what_json_cannot_say_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        yaml_text.loads(given)
