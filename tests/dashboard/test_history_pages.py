"""The pages of the past: a model as it was, its history, and the register of a day."""

import csv
import io
import re

import pytest

from dashboard.queries import timeline
from registry import catalogue, clock
from registry.models import AliasEvent, ModelEvent, ModelVersion
from tests.cast import acting
from tests.dashboard.reading import text
from tests.past import DAY, TRACKED, changed_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def past(people, now):
    change = {"owner": "ben@example.com", "tier_answers": {"harm": 4}, "change_reason": "moved on"}
    model = changed_model(
        people, now=now, first={**TRACKED, "tier_answers": {"harm": 2}}, later=change
    )
    kind = ModelEvent.Kind.SERVING_WITHOUT_APPROVAL
    ModelEvent.objects.create(kind=kind, model=model, at=now - DAY)
    return model


@pytest.fixture
def ana(client, people, past):
    client.force_login(people.ana)
    return client


def day(now, days):
    return (now - days * DAY).date().isoformat()


def test_a_model_of_the_past_says_so_and_shows_what_was_true(ana, now):
    page = text(ana.get(f"/m/churn/?as_of={day(now, 6)}"))

    assert "As it was on" in page
    assert "Back to today" in page
    assert "Ana (ana@example.com)" in page
    assert "champion v1" in page
    assert "unknown, seen at the sweep of" in page
    assert "Ben" not in page
    assert "v2" not in page
    assert "Revision 1, in force from" in page


def test_what_keeps_no_history_is_not_shown_with_todays_values(ana, now):
    page = text(ana.get(f"/m/churn/?as_of={day(now, 6)}"))

    for part in ("Windows and health", "Controls", "Alerts firing", "Edit</a>"):
        assert part not in page


def test_a_day_ends_in_the_readers_zone(ana, people, now):
    people.ana.time_zone = "Pacific/Kiritimati"  # fourteen hours ahead
    people.ana.save()
    page = text(ana.get("/m/churn/?as_of=2026-01-01"), 404)

    assert page
    noon = now.replace(hour=12)
    shown = text(ana.get(f"/inventory/?as_of={(noon - 3 * DAY).date().isoformat()}"))
    assert "23:59" in shown


@pytest.mark.parametrize("address", ["/m/churn/", "/inventory/"])
@pytest.mark.parametrize("asked", ["2999-01-01", "soon", "2026-02-31"])
def test_a_day_that_cannot_be_shown_is_told(ana, address, asked):
    page = text(ana.get(f"{address}?as_of={asked}"), 400)

    assert "That day cannot be shown" in page


def test_before_it_was_known_there_is_no_page(ana, now):
    assert ana.get(f"/m/churn/?as_of={day(now, 30)}").status_code == 404


def test_an_old_slug_leads_to_the_same_day(ana, people, past, now):
    catalogue.patch_model(acting(people.ana), past, {"slug": "leavers"}, at=now)
    answer = ana.get(f"/m/churn/?as_of={day(now, 6)}")

    assert answer["Location"] == f"/m/leavers/?as_of={day(now, 6)}"
    assert "churn</p>" in text(ana.get(answer["Location"]))


def test_the_history_tells_record_aliases_and_versions_in_order(ana):
    page = text(ana.get("/m/churn/history/"))
    told = [
        "Serving without approval",
        "champion moved from version 1 to version 2",
        "Version 2 was seen in MLflow",
        "Harm: 2 → Harm: 4",
        "champion now points to version 1",
        "Registered",
    ]

    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert "moved on" in page
    assert "ana@example.com → ben@example.com" in page
    assert 'type="date"' in page


def test_the_history_is_paged_without_losing_what_came_at_one_moment(ana, people, past, now):
    source = past.source_models.get()
    for number in range(3, 130):  # one sweep saw them all
        ModelVersion.objects.create(
            source_model=source, number=number, created_at=now, first_seen_at=now
        )
        if number % 2:
            AliasEvent.objects.create(
                source_model=source, alias=f"a{number}", to_number=number, seen_at=now
            )
    address, seen = "/m/churn/history/", []
    while address:
        page = text(ana.get(address))
        seen += re.findall(r"(Version \d+ was|\ba\d+ now|Registered)", page)
        older = re.search(r'<a href="(\?before=[^"]+)">Older', page)
        address = f"/m/churn/history/{older.group(1)}" if older else ""

    assert len(seen) == len(set(seen)) == 129 + 64 + 1
    assert timeline.PAGE == 50


@pytest.mark.parametrize("place", ["x", "2026-01-01T00:00:00Z~9~1", "~~", "2026-01-01~1~1"])
def test_a_place_that_is_none_is_the_top(ana, place):
    assert "Serving without approval" in text(ana.get(f"/m/churn/history/?before={place}"))


def test_the_inventory_of_a_day_with_its_file(ana, now):
    page = text(ana.get(f"/inventory/?as_of={day(now, 6)}&tier=1"))
    address = re.search(r'href="(/api/v1/exports/[^"]+format=csv[^"]*)"', page)
    assert address
    answer = ana.get(address.group(1).replace("&amp;", "&"))
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode(), newline=""))

    assert "Churn" in page
    assert "<td>v1</td>" in page
    assert (row["model_owner"], row["model_version"]) == ("ana@example.com", "1")


def test_the_inventory_of_today_takes_filters_and_says_when_nothing_matches(ana):
    assert "Churn" in text(ana.get("/inventory/?bu=fraud&q=leave"))
    page = text(ana.get("/inventory/?q=nothing"))

    assert "No record matches" in page
    assert "Churn" in text(ana.get("/inventory/?tier=9&lifecycle=odd"))


def test_another_unit_sees_neither_the_past_nor_the_history(client, people, past, now):
    client.force_login(people.chris)

    assert client.get(f"/m/churn/?as_of={day(now, 1)}").status_code == 404
    assert client.get("/m/churn/history/").status_code == 404
    assert "Churn" not in text(client.get(f"/inventory/?as_of={day(now, 1)}"))


def test_the_pages_read_few_rows_however_many_models(ana, django_assert_max_num_queries):
    for address in ("/inventory/", "/m/churn/history/"):
        with django_assert_max_num_queries(16):
            ana.get(address)
