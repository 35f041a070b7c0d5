"""Keep whoever answers for a model from lightening its tier by other answers.

A question that was never answered may be answered by anybody who may edit the model: until then
it counted as its worst. Who takes an answer back to a better one needs to be independent.
"""

from collections.abc import Mapping
from typing import Any

from registry import tiering
from registry.actors import Actor
from registry.independence import NotIndependent, conflict
from registry.models import RegisteredModel, TierAssessment
from registry.problems import invalid

Answers = Mapping[str, Any]


def require_independent(actor: Actor, model: RegisteredModel, held: Answers, reason: str) -> None:
    """Raise unless the model's new answers leave the tier as grave, or the actor may lighten it.

    `held` are the answers in force before; `model` carries the new ones and the people of before.
    """
    computed = tiering.assess(model.tier_answers).tier
    if computed <= tiering.assess(held).tier:
        return
    kept = tiering.assess(_first_answers(model, held)).tier
    if computed <= kept:
        return
    if why := conflict(actor, model):
        raise NotIndependent(_told(why, kept, computed), model)
    if not reason:
        detail = f"these answers make the tier lighter: {tiering.name(computed)}"
        raise invalid("/change_reason", "required", detail, "say what you looked at")


def _first_answers(model: RegisteredModel, held: Answers) -> dict[str, Any]:
    """Return the answers with only those new that nobody ever gave."""
    earlier = TierAssessment.objects.filter(model=model).values_list("answers", flat=True)
    ever = set(held).union(*earlier)
    return dict(held) | {key: value for key, value in model.tier_answers.items() if key not in ever}


def _told(why: str, kept: int, computed: int) -> str:
    return (
        f"These answers make the tier lighter, {tiering.name(computed)} instead of"
        f" {tiering.name(kept)}. {why} Nobody lightens what they answer for: ask for the lighter"
        " tier (POST …/tier-override/), or let the answers be changed for you."
    )
