"""How much the columns that moved matter to the model."""

import pytest

from monitoring.checks.importance import said, weights


def test_weights_are_shares_of_what_the_contract_names():
    found = weights({"age": 3, "income": 1.0, "gone": 9}, {"age", "income", "region"})

    assert found == {"age": 0.75, "income": 0.25}


@pytest.mark.parametrize(
    "logged", [{}, {"age": -1}, {"age": "much"}, {"age": float("nan")}, {"age": 0}, {"age": True}]
)
def test_what_is_no_share_weighs_nothing(logged):
    assert weights(logged, {"age"}) == {}


def test_the_sentence_names_the_heaviest_first():
    share, sentence = said(["age", "region"], {"age": 0.1, "income": 0.2, "region": 0.7})

    assert share == pytest.approx(0.8)
    assert sentence == (
        "The columns that moved carry 80 % of the model's weight: region (70 %), age (10 %)"
    )


def test_columns_without_weight_are_said_to_have_none():
    assert said(["age"], {"income": 1.0}) == (
        0.0, "None of the columns that moved matters to the model, as its training run said",
    )  # fmt: skip
    assert said(["age"], {}) == (None, "")
