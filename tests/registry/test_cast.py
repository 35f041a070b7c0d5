"""The cast may see and do what its names promise; other tests lean on it."""

import pytest

from registry import access, queries
from registry.access import Right
from registry.models import RegisteredModel
from tests.cast import acting, cast

pytestmark = pytest.mark.django_db


def test_chris_sees_nothing_of_the_fraud_unit():
    people = cast()

    assert not access.visible_models(acting(people.chris)).exists()
    with pytest.raises(RegisteredModel.DoesNotExist):
        queries.find_model(acting(people.chris), "card-fraud")


def test_everybody_else_sees_the_model():
    people = cast()

    for who in (people.ana, people.ben, people.vera, people.pat):
        assert queries.find_model(acting(who), "card-fraud") == people.model


def test_only_who_answers_for_it_may_edit():
    people = cast()
    may = {
        who.name: access.can(acting(who), Right.EDIT_MODELS, people.fraud)
        for who in (people.ana, people.ben, people.chris, people.vera, people.pat)
    }

    assert may == {"Ana": True, "Ben": True, "Chris": False, "Vera": False, "Pat": True}


def test_the_model_has_a_champion():
    people = cast()

    assert queries.champion(people.model).number == 1
    assert queries.challenger(people.model) is None
