"""The list of models goes by what one asks for, and tells what has changed since."""

from datetime import timedelta

import pytest

from registry.models import RegisteredModel
from tests import factories
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(people):
    for slug, name, tier in (("a", "Zulu", 3), ("b", "Yak", 1), ("c", "Yak", 2)):
        made = factories.tracked_model(slug=slug, unit=people.fraud, owner=people.ana)
        RegisteredModel.objects.filter(pk=made.pk).update(name=name, tier=tier)
    return Caller(people.ana)


def walked(ana, query):
    """Follow every page of one row there, and back again."""
    slugs, address, last = [], f"models/?limit=1&{query}", None
    while address:
        page = ana.get(address.replace("http://testserver", "")).json()
        slugs += [row["slug"] for row in page["results"]]
        address, last = page["next"], page
    back = [last["results"][0]["slug"]]
    while last["previous"]:
        last = ana.get(last["previous"].replace("http://testserver", "")).json()
        back += [row["slug"] for row in last["results"]]
    assert back == slugs[::-1]
    return slugs


def test_a_list_goes_by_what_is_asked_for(ana):
    RegisteredModel.objects.filter(slug="card-fraud").update(name="Aardvark", tier=1)

    assert walked(ana, "ordering=name") == ["card-fraud", "b", "c", "a"]
    assert walked(ana, "ordering=-name") == ["a", "b", "c", "card-fraud"]
    assert walked(ana, "ordering=-tier") == ["a", "c", "b", "card-fraud"]
    assert walked(ana, "ordering=-slug") == ["card-fraud", "c", "b", "a"]
    assert walked(ana, "ordering=-created_at")[0] == "c"


def test_what_changed_last_comes_first(ana):
    ana.patch("models/b/", {"name": "New"})

    assert walked(ana, "ordering=-updated_at")[0] == "b"


def test_an_ordering_that_nobody_knows_is_refused_with_those_that_are(ana):
    answer = ana.get("models/?ordering=owner__password")

    assert pointers(answer) == ["/ordering"]
    assert "-updated_at" in answer.json()["errors"][0]["fix"]
    assert pointers(ana.get("models/?as_of=2026-01-01&ordering=name")) == ["/ordering"]


def test_a_cursor_of_another_ordering_is_no_place_in_this_one(ana):
    place = ana.get("models/?limit=1&ordering=name").json()["next"].replace("=name", "=tier")

    assert pointers(ana.get(place.replace("http://testserver", ""))) == ["/cursor"]


def test_one_may_ask_for_what_changed_since(ana):
    before = RegisteredModel.objects.order_by("-updated_at")[0].updated_at
    ana.patch("models/b/", {"name": "New"})

    def since(text):
        return [row["slug"] for row in ana.get(f"models/?updated_after={text}").json()["results"]]

    assert since(before.isoformat().replace("+", "%2B")) == ["b"]
    assert len(since((before - timedelta(days=1)).date())) == 4
    assert since((before + timedelta(days=2)).date()) == []
    assert pointers(ana.get("models/?updated_after=soon")) == ["/updated_after"]
    assert pointers(ana.get("models/?updated_after=2026-02-30")) == ["/updated_after"]
