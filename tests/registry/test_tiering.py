"""The tier is what the rule says it is, and a worse answer never makes it lighter."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.tiering import FACTS, FEEDS, QUESTIONS, assess

EXAMPLES = json.loads((Path(__file__).parent / "data/tier_examples.json").read_text())["examples"]
OTHER_NAMES = {"reg_or_fin_reporting": "regulatory_figure"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["model"])
def test_the_reference_examples_get_their_tier(example):
    answers = {OTHER_NAMES.get(key, key): value for key, value in example["answers"].items()}

    found = assess(answers)

    assert found.tier == example["tier"]
    assert list(found.reasons) == example["reasons"]
    assert len(found.unanswered) == example["unanswered"]


@st.composite
def worsened(draw):
    """Answers, and the same with one of them worse (or withdrawn)."""
    lighter = {
        question.key: value
        for question in QUESTIONS
        if (value := draw(st.none() | st.integers(0, question.worst))) is not None
    }
    lighter |= {fact: draw(st.booleans()) for fact in FACTS}
    lighter[FEEDS] = draw(st.integers(0, 5))
    key = draw(st.sampled_from([*lighter]))
    graver = dict(lighter)
    worst = {question.key: question.worst for question in QUESTIONS}
    if key in worst and draw(st.booleans()):
        del graver[key]
    elif key in FACTS:
        graver[key] = True
    else:
        graver[key] = draw(st.integers(lighter[key], worst.get(key, 9)))
    return lighter, graver


@given(worsened())
def test_a_worse_answer_never_gives_a_lighter_tier(pair):
    lighter, graver = pair

    assert assess(graver).tier <= assess(lighter).tier


LIGHT = {question.key: 0 for question in QUESTIONS}


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({}, 4),
        ({"regulatory_figure": True}, 2),
        ({"significant_effect_on_people": True}, 2),
        ({"significant_effect_on_people": True, "reliance": 2}, 1),
        ({"eu_high_risk": True}, 2),
        ({"feeds_tier1": 2}, 4),
        ({"feeds_tier1": 3}, 2),
        ({"exposure": 2, "harm": 2, "reliance": 3}, 2),
        ({"harm": 2, "reliance": 3}, 4),
    ],
)
def test_floors_lift_a_light_model_and_say_so(more, tier):
    found = assess({**LIGHT, **more})

    assert found.tier == tier
    assert found.reasons[-1].endswith({4: "DM"}.get(tier, f"T{tier}"))
