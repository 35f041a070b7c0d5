"""Which policy applies when several fit."""

from policies.retraining.selection import Candidate, Subject, choose
from policies.retraining.specs import Selector

FRAUD = Subject("card-fraud", "payments", tier=1, task="classification", tags=("pci",))


def candidate(name: str, unit: str | None = None, **selector) -> Candidate:
    return Candidate(name, unit, Selector.model_validate(selector), version_id=1)


def chosen(*candidates: Candidate, subject: Subject = FRAUD) -> str | None:
    found = choose(candidates, subject)
    return found.policy if found else None


def test_no_policy_fits_none_applies():
    assert chosen(candidate("others", models=["churn"])) is None


def test_a_fleet_policy_is_for_everybody():
    assert chosen(candidate("fleet")) == "fleet"


def test_a_unit_policy_wins_over_a_fleet_policy():
    assert chosen(candidate("fleet", tag="pci"), candidate("unit", "payments")) == "unit"


def test_a_fleet_policy_that_names_the_unit_counts_as_one_of_the_unit():
    assert chosen(candidate("a-fleet"), candidate("b", business_unit="payments")) == "b"


def test_naming_the_model_wins_over_everything():
    named = candidate("named", models=["card-fraud"])

    assert chosen(candidate("unit", "payments", tag="pci", tier_at_most=1), named) == "named"


def test_more_conditions_are_more_specific():
    plain, tagged = candidate("a", "payments"), candidate("b", "payments", tag="pci")

    assert chosen(plain, tagged) == "b"


def test_equals_are_settled_by_name_whatever_the_order():
    first, second = candidate("a", tag="pci"), candidate("b", tier_at_most=2)

    assert chosen(first, second) == chosen(second, first) == "a"


def test_a_unit_policy_never_reaches_another_unit():
    assert chosen(candidate("retail", "retail", models=["card-fraud"])) is None


def test_every_condition_must_fit():
    assert chosen(candidate("x", tag="pci", task="regression")) is None
    assert chosen(candidate("x", tier_at_most=1)) == "x"
    assert chosen(candidate("x", tier_at_most=1), subject=Subject("a", "b", 2, "ranking")) is None
