"""A fairness check that cannot mean anything is refused with the field and the remedy."""

import pytest

from monitoring.specs import parse_check
from registry.problems import Invalid

SPEC = {
    "start": "2026-08-03T00:00:00Z",
    "favorable": {"values": [1]},
    "attributes": ["sex", "age"],
    "limits": {"impact_ratio": 0.8},
}


def test_a_plain_one_is_taken():
    spec = parse_check("fairness", SPEC)

    assert not spec.needs_labels
    assert spec.limits.named == {"impact_ratio": 0.8}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"limits": {}}, "at least one limit"),
        ({"favorable": {}}, "say one of"),
        ({"favorable": {"at_least": 1, "above_median": True}}, "say one of"),
        ({"limits": {"equal_opportunity": 0.1}}, "need `label`"),
        ({"limits": {"calibration_gap": 0.1}, "label": "label"}, "needs `score`"),
        ({"limits": {"adjusted_gap": 0.05}}, "needs `amount`"),
        ({"attributes": ["sex", "sex"]}, "named once"),
        ({"intersections": [["sex"]]}, "two or three different"),
        ({"intersections": [["sex", "origin"]]}, "two or three different"),
        ({"reference": {"origin": "a"}}, "names origin, which is not compared"),
        ({"min_cell": 2}, "greater than or equal to 5"),
        ({"limits": {"impact_ratio": 1.2}}, "less than or equal to 1"),
    ],
)
def test_what_means_nothing_is_refused(change, words):
    with pytest.raises(Invalid) as refused:
        parse_check("fairness", {**SPEC, **change})

    assert any(words in error.detail for error in refused.value.errors)
    assert all(error.pointer.startswith("/spec") for error in refused.value.errors)
