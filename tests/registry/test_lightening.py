"""Whoever answers for a model does not lighten its tier by other answers."""

import pytest

from registry import catalogue, tiering
from registry.independence import NotIndependent
from registry.models import RegisteredModel
from registry.problems import Invalid
from tests.cast import CHURN, acting, person
from tests.factories import NOW, MembershipFactory
from tests.registry.api import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]
LIGHT = {question.key: 0 for question in tiering.QUESTIONS}
HEAVY = LIGHT | {"exposure": 4, "method": 3, "data": 2}  # T1


@pytest.fixture
def ivo(people):
    return person("ivo", people.fraud, "approver")


def answer(people, who, answers, **more):
    sent = {"tier_answers": answers, **more}
    model = RegisteredModel.objects.get(pk=people.model.pk)
    catalogue.patch_model(acting(who), model, sent, at=NOW)
    return computed(people)


def computed(people):
    return RegisteredModel.objects.get(pk=people.model.pk).computed_tier


def test_first_answers_graver_ones_and_the_same_go_through(people):
    assert answer(people, people.ana, {"exposure": 1}) == 1
    assert answer(people, people.ana, {k: v for k, v in LIGHT.items() if k != "exposure"}) == 4
    assert answer(people, people.ana, {"exposure": 4}) == 2
    assert answer(people, people.ana, {"exposure": 4}) == 2


def test_a_script_sends_the_same_answers_again(people):
    script = Caller(people.ana)
    body = CHURN | {"tier_answers": LIGHT}

    codes = [script.put("models/churn/", body).status_code for _ in range(2)]

    assert codes == [201, 200]
    assert script.get("models/churn/").json()["tier"] == 4


@pytest.mark.parametrize("name", ["ana", "ben", "pat"])
def test_who_edits_the_model_does_not_lighten_it(people, name):
    answer(people, people.ana, HEAVY)

    with pytest.raises(NotIndependent, match="make the tier lighter, DM instead of T1"):
        answer(people, getattr(people, name), LIGHT, change_reason="smaller now")
    assert computed(people) == 1


def test_clearing_first_is_no_way_around(people):
    answer(people, people.ana, HEAVY)
    assert answer(people, people.ana, {"exposure": None}) == 1

    with pytest.raises(NotIndependent):
        answer(people, people.ana, {"exposure": 0})


def test_an_owner_who_approves_or_gives_the_model_away_in_the_same_breath_does_not(people):
    answer(people, people.ana, HEAVY)
    MembershipFactory.create(person=people.ana, unit=people.fraud, role="approver")

    with pytest.raises(NotIndependent, match="You are the owner"):
        answer(people, people.ana, LIGHT, owner="ben@example.com", change_reason="smaller")
    assert RegisteredModel.objects.get(pk=people.model.pk).owner == people.ana


def test_an_independent_approver_does_with_a_reason_and_nothing_else(people, ivo):
    answer(people, people.ana, HEAVY)

    with pytest.raises(Invalid) as caught:
        answer(people, ivo, LIGHT)
    assert [error.pointer for error in caught.value.errors] == ["/change_reason"]
    with pytest.raises(Exception, match="edit_models"):
        answer(people, ivo, LIGHT, name="Mine", change_reason="seen")
    assert answer(people, ivo, LIGHT, change_reason="seen the volumes") == 4


def test_a_token_lightens_nothing_and_is_told_who_can(people, ivo):
    answer(people, people.ana, HEAVY)
    MembershipFactory.create(person=ivo, unit=people.fraud, role="developer")
    sent = {"tier_answers": LIGHT, "change_reason": "smaller"}

    refused = Caller(ivo).patch("models/card-fraud/", sent)
    by_owner = Caller(people.ana).put("models/card-fraud/", sent)

    assert (refused.status_code, by_owner.status_code) == (403, 403)
    assert "A token never approves" in refused.json()["detail"]
    assert "An approver of Fraud who is independent can." in by_owner.json()["detail"]
    rows = Caller(people.ana).post("models/bulk/", {"items": [{"slug": "card-fraud", **sent}]})
    assert rows.json()["results"][0]["status"] == "refused"
    assert computed(people) == 1
