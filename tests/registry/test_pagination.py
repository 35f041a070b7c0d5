"""A list is paged by the place of its last row: nothing is skipped, nothing comes twice."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from registry.models import BusinessUnit
from registry.pagination import page
from registry.problems import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def units():
    for number in range(7):
        BusinessUnit.objects.create(slug=f"unit-{number}", name="Same" if number < 5 else "Zed")


def fetch(address="/units/", order=("name", "-slug")):
    request = Request(APIRequestFactory().get(address))
    rows = BusinessUnit.objects.all()
    return page(request, rows, order=order, show=lambda unit: unit.slug)


def walk(address, direction):
    found = []
    while address:
        body = fetch(address)
        found.append(body["results"])
        address = body[direction]
    return found


def test_next_walks_over_every_row_once(units):
    pages = walk("/units/?limit=3", "next")

    assert pages == [["unit-4", "unit-3", "unit-2"], ["unit-1", "unit-0", "unit-6"], ["unit-5"]]


def test_previous_walks_back_the_same_way(units):
    address = "/units/?limit=3"
    while following := fetch(address)["next"]:
        address = following
    pages = walk(address, "previous")

    assert [slug for rows in reversed(pages) for slug in rows] == [
        slug for rows in walk("/units/?limit=3", "next") for slug in rows
    ]


def test_a_row_added_before_the_place_moves_nothing(units):
    first = fetch("/units/?limit=3")
    BusinessUnit.objects.create(slug="aaa", name="Aaa")

    assert fetch(first["next"])["results"] == ["unit-1", "unit-0", "unit-6"]


def test_the_number_of_rows_is_counted_only_when_asked(units):
    assert fetch("/units/?count=true&limit=2")["count"] == 7
    assert "count" not in fetch("/units/")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "x", "1.5", "²", ""])
def test_an_impossible_limit_is_refused(limit):
    with pytest.raises(Invalid):
        fetch(f"/units/?limit={limit}")


@pytest.mark.parametrize("cursor", ["x", "é", "bm9wZQ", "WyJuIiwgMV0", "W251bGwsMSwyXQ", "e30"])
def test_a_made_up_cursor_is_refused(cursor):
    with pytest.raises(Invalid):
        fetch(f"/units/?cursor={cursor}")
