"""What a record said at any moment of its past is what it said then."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import access, actors, catalogue, history, moments
from registry.models import ModelRevision
from registry.problems import Invalid
from tests import factories
from tests.cast import CHURN, acting, cast

pytestmark = pytest.mark.django_db
START = datetime(2026, 6, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
# Changes come at the same microsecond, a tick apart, much later, or earlier by the clock.
STEPS = st.lists(st.sampled_from([0, 0, 1, 2, 1_000_000, -1, -5_000]), min_size=1, max_size=12)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_at_any_moment_the_record_says_what_was_true_then(steps):
    system = actors.system("tests")
    with transaction.atomic():
        model = factories.RegisteredModelFactory.create()
        at, ends = START, []
        for number, step in enumerate(steps, start=1):
            at += step * TICK
            row = history.note(system, model, {"n": number}, at=at)
            # Written last holds, from the moment it came, or just after what it ended.
            begun = max(at, ends[-1] + TICK) if ends else at
            assert row.validity.lower == begun
            ends.append(begun)

        for moment in {e + d * TICK for e in ends for d in (-1, 0, 1)}:
            known = [number for number, begun in enumerate(ends, start=1) if begun <= moment]
            found = history.as_of(model, moment)
            assert (found and found.snapshot["n"]) == (known[-1] if known else None)
        rows = list(ModelRevision.objects.filter(model=model).order_by("number"))
        assert [row.number for row in rows] == list(range(1, len(steps) + 1))
        for row, following in pairwise(rows):
            assert row.validity.lower < row.validity.upper == following.validity.lower
        assert rows[-1].validity.upper is None


def test_each_change_of_a_record_is_kept_with_who_and_why():
    people = cast()
    ana, pat = acting(people.ana), acting(people.pat)
    model, _ = catalogue.put_model(ana, "churn", CHURN, at=START)
    later = START + timedelta(days=1)
    catalogue.patch_model(ana, model, {"slug": "leavers", "change_reason": "clearer"}, at=later)
    catalogue.put_model(ana, "leavers", {"name": "Churn"}, at=later + TICK)  # nothing new
    moved = {"business_unit": "retail", "owner": "chris@example.com"}
    catalogue.patch_model(pat, model, moved, at=later + timedelta(days=1))

    rows = list(history.revisions(pat, model).order_by("number"))
    assert [(row.number, row.by, row.reason, row.unit.slug) for row in rows] == [
        (1, people.ana, "", "fraud"),
        (2, people.ana, "clearer", "fraud"),
        (3, people.pat, "", "retail"),
    ]
    assert history.changes(rows[0]) == []
    assert history.changes(rows[1]) == [history.Change("slug", "churn", "leavers")]
    assert [c.field for c in history.changes(rows[2]) or []] == ["business_unit", "owner"]
    then = history.find(pat, model, START)
    assert (then.slug, then.owner_name, then.unit) == ("churn", "Ana", people.fraud)
    assert then.snapshot["uuid"] == str(model.uuid)


def test_the_past_is_for_those_who_see_both_the_unit_of_then_and_that_of_today():
    people = cast()
    pat = acting(people.pat)
    with transaction.atomic():
        model = people.model
        history.note(pat, model, {"slug": "card-fraud", "owner": "x"}, at=START)
        model.unit = people.retail
        model.save()
        moved = {"slug": "card-fraud", "owner": "y"}
        history.note(pat, model, moved, at=START + timedelta(days=9))

    def seen(who):
        moments = (START, START + timedelta(days=10))
        return [history.inventory_as_of(acting(who), moment).count() for moment in moments]

    assert seen(people.ana) == [0, 0]  # It is not hers any more.
    assert seen(people.chris) == [0, 1]  # It was not his then.
    assert seen(people.pat) == [1, 1]
    newest = history.revisions(acting(people.chris), model).get()
    assert history.changes(newest) is None  # What came before is not for him.
    assert access.visible_revisions(acting(people.ana)).count() == 0


NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-06-30", UTC, datetime(2026, 7, 1, tzinfo=UTC) - TICK),
        ("2026-06-30", BERLIN, datetime(2026, 6, 30, 22, tzinfo=UTC) - TICK),
        ("2026-07-01", UTC, NOW),  # not over yet
        ("2026-07-02", BERLIN, NOW),  # there it has begun
        ("2026-06-30T12:00", BERLIN, datetime(2026, 6, 30, 10, tzinfo=UTC)),
        ("2026-06-30T12:00:00.5Z", BERLIN, datetime(2026, 6, 30, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-06-30T12:00:00 02:00", UTC, datetime(2026, 6, 30, 10, tzinfo=UTC)),
        ("2025-10-26", BERLIN, datetime(2025, 10, 26, 23, tzinfo=UTC) - TICK),  # 25 hours long
    ],
)
def test_a_day_ends_in_the_zone_of_who_asks(text, zone, moment):
    assert moments.parse(text, now=NOW, zone=zone) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2026-13-01", "2026-02-30", "20260630", "2026-W27-1", "٢٠٢٦-٠٦-٣٠"),
        *("2026-07-02", "9999-12-31", "2026-07-01T22:30:00.000001Z", "0001-01-01T00:00+14:00"),
    ],
)
def test_what_is_no_moment_or_lies_in_the_future_is_refused(text):
    with pytest.raises(Invalid) as refused:
        moments.parse(text, now=NOW)

    assert refused.value.errors[0].pointer == "/as_of"
