"""What goes now, what waits, what goes into a digest: the table, and what always holds."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts.stages import (
    Facts,
    Hush,
    Reader,
    Waits,
    decide,
    is_quiet,
    next_digest,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
NIGHT = NOON.replace(hour=23)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READER, WAITS = Reader(), Waits()
WATCH = Facts(kind="firing", severity="watch", tier=2, owed_at=NOON - HOUR)
CRITICAL = replace(WATCH, severity="critical")
URGENT = replace(CRITICAL, tier=1)
HUSH = Hush(NOON + HOUR, agreed=False, why="silence of Ana, a release")
AGREED = replace(HUSH, agreed=True)
TWICE = (NOON - HOUR, NOON - 2 * HOUR)
MINUTE = timedelta(minutes=1)
NEWS = {
    "an alarm by day": (WATCH, {}, "now"),
    "at night": (WATCH, {"at": NIGHT}, "digest"),
    "critical at night": (CRITICAL, {"at": NIGHT}, "digest"),
    "urgent at night": (URGENT, {"at": NIGHT}, "now"),
    "urgent on Saturday": (URGENT, {"at": SATURDAY}, "now"),
    "on Saturday": (WATCH, {"at": SATURDAY}, "digest"),
    "on Saturday for who works then": (
        WATCH,
        {"at": SATURDAY, "reader": replace(READER, quiet_weekends=False)},
        "now",
    ),
    "at night for a unit without quiet hours": (
        replace(WATCH, quiet_hours=False),
        {"at": NIGHT},
        "now",
    ),
    "at night for a channel": (WATCH, {"at": NIGHT, "reader": Reader(person=False)}, "now"),
    "an urgent recovery at night": (replace(URGENT, kind="resolved"), {"at": NIGHT}, "digest"),
    "the third in twelve hours": (WATCH, {"interrupted": TWICE}, "digest"),
    "the third critical in twelve hours": (CRITICAL, {"interrupted": TWICE}, "digest"),
    "the third urgent in twelve hours": (URGENT, {"interrupted": TWICE}, "now"),
    "the third for a unit without budgets": (
        replace(WATCH, budgets=False),
        {"interrupted": TWICE},
        "now",
    ),
    "interrupted long ago": (WATCH, {"interrupted": (NOON - 13 * HOUR,) * 5}, "now"),
    "the eleventh in a week": (WATCH, {"interrupted": (NOON - 48 * HOUR,) * 10}, "digest"),
    "watch for who wants it in the digest": (
        WATCH,
        {"reader": replace(READER, watch_in_digest=True)},
        "digest",
    ),
    "critical for who wants watch in the digest": (
        CRITICAL,
        {"reader": replace(READER, watch_in_digest=True)},
        "now",
    ),
    "silenced": (replace(WATCH, hushes=(HUSH,)), {}, "hold"),
    "a silence that is over": (
        replace(WATCH, hushes=(replace(HUSH, until=NOON),)),
        {},
        "now",
    ),
    "urgent, silenced by one": (replace(URGENT, hushes=(HUSH,)), {}, "now"),
    "urgent, silenced by two": (replace(URGENT, hushes=(AGREED,)), {}, "hold"),
    "critical of tier 2, silenced by one": (replace(CRITICAL, hushes=(HUSH,)), {}, "hold"),
    "put off": (replace(WATCH, snoozed_until=NOON + HOUR), {}, "hold"),
    "put off until now": (replace(WATCH, snoozed_until=NOON), {}, "now"),
    "put off and worse": (replace(CRITICAL, snoozed_until=NOON + HOUR), {}, "now"),
    "put off and over": (
        replace(WATCH, kind="resolved", ends_case=True, snoozed_until=NOON + HOUR),
        {},
        "now",
    ),
    "later news of a case": (replace(WATCH, last_told_at=NOON - MINUTE), {}, "hold"),
    "later news, half an hour on": (replace(WATCH, last_told_at=NOON - HOUR), {}, "now"),
    "a case that becomes critical": (replace(CRITICAL, last_told_at=NOON - MINUTE), {}, "now"),
    "more critical news of a critical case": (
        replace(CRITICAL, last_told_at=NOON - MINUTE, critical_told=True),
        {},
        "hold",
    ),
    "the end of a case": (
        replace(WATCH, kind="resolved", ends_case=True, last_told_at=NOON - MINUTE),
        {},
        "now",
    ),
    "an escalation": (
        replace(CRITICAL, kind="escalated", last_told_at=NOON - MINUTE, critical_told=True),
        {},
        "now",
    ),
    "the first of a shared cause": (replace(WATCH, shared=True, owed_at=NOON), {}, "hold"),
    "a shared cause after the wait": (replace(WATCH, shared=True), {}, "now"),
    "a shared cause that is critical": (replace(CRITICAL, shared=True, owed_at=NOON), {}, "now"),
    "a reminder": (replace(CRITICAL, kind="reminder"), {}, "digest"),
    "an urgent reminder": (replace(URGENT, kind="reminder"), {}, "digest"),
    "flapping": (replace(WATCH, flapping=True), {}, "digest"),
    "flapping for a channel": (
        replace(WATCH, flapping=True),
        {"reader": Reader(person=False)},
        "digest",
    ),
    "flapping and urgent": (replace(URGENT, flapping=True), {}, "now"),
}


def ask(news, *, at=NOON, reader=READER, interrupted=()):
    return decide(news, reader, WAITS, interrupted=interrupted, at=at)


@pytest.mark.parametrize("case", NEWS)
def test_each_piece_of_news_goes_where_the_table_says(case):
    news, around, route = NEWS[case]

    assert ask(news, **around).route == route


def test_what_is_held_says_until_when_and_why():
    berlin = replace(READER, zone=ZoneInfo("Europe/Berlin"), zone_name="Europe/Berlin")

    night = ask(WATCH, at=NIGHT, reader=berlin)
    silenced = ask(replace(WATCH, hushes=(HUSH,)))
    late = ask(replace(WATCH, last_told_at=NOON - MINUTE))

    assert night.why == (
        "it came in your quiet hours; kept for the digest of Thu 19 Nov 2026 08:30 CET"
    )
    assert silenced.why == ("silenced until Wed 18 Nov 2026 13:00 UTC: silence of Ana, a release")
    assert late.why == ("news of one incident is told together, next at Wed 18 Nov 2026 12:29 UTC")


def test_a_digest_that_is_due_goes_though_the_budget_is_spent_but_not_through_a_silence():
    due = replace(WATCH, digest=True)

    assert ask(due, at=NIGHT, interrupted=TWICE * 9).goes
    assert ask(replace(due, hushes=(HUSH,))).until == HUSH.until


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-11-18 07:29", True),
        ("2026-11-18 07:30", False),
        ("2026-11-18 18:59", False),
        ("2026-11-18 19:00", True),
        ("2026-11-19 00:00", True),
        ("2026-11-20 23:00", True),
        ("2026-11-21 12:00", True),
        ("2026-11-22 12:00", True),
        ("2026-11-23 07:30", False),
    ],
)
def test_quiet_hours_cross_midnight_and_hold_all_weekend(local, quiet):
    zone = ZoneInfo("America/New_York")
    at = datetime.fromisoformat(local).replace(tzinfo=zone)

    assert is_quiet(replace(READER, zone=zone), at=at) is quiet


def test_quiet_hours_may_lie_within_a_day_or_be_none():
    siesta = replace(READER, quiet_from=time(13), quiet_until=time(15))
    none = replace(READER, quiet_from=time(0), quiet_until=time(0), quiet_weekends=False)

    assert is_quiet(siesta, at=NOON + 2 * HOUR)
    assert not is_quiet(siesta, at=NIGHT)
    assert not any(is_quiet(none, at=NOON + hour * HOUR) for hour in range(200))


@pytest.mark.parametrize(
    ("at", "digest"),
    [
        # The clocks go forward on 29 March 2026 and back on 25 October 2026, both Sundays.
        ("2026-03-27 09:00+01:00", "2026-03-30 06:30+00:00"),
        ("2026-03-26 09:00+01:00", "2026-03-27 07:30+00:00"),
        ("2026-10-23 09:00+02:00", "2026-10-26 07:30+00:00"),
        ("2026-10-22 08:29+02:00", "2026-10-22 06:30+00:00"),
        ("2026-10-22 08:30+02:00", "2026-10-23 06:30+00:00"),
    ],
)
def test_the_digest_comes_at_the_readers_own_time_whatever_the_clocks_do(at, digest):
    berlin = replace(READER, zone=ZoneInfo("Europe/Berlin"))

    found = next_digest(berlin, at=datetime.fromisoformat(at))

    assert found == datetime.fromisoformat(digest)


def test_a_digest_at_an_hour_that_a_day_does_not_have_still_comes():
    berlin = replace(
        READER, zone=ZoneInfo("Europe/Berlin"), digest_at=time(2, 30), quiet_weekends=False
    )

    found = next_digest(berlin, at=datetime(2026, 3, 28, 22, tzinfo=UTC))

    assert timedelta(0) < found - datetime(2026, 3, 28, 22, tzinfo=UTC) < timedelta(hours=5)


START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Pacific/Chatham"]
)
readers = st.builds(
    lambda zone, **more: Reader(zone=ZoneInfo(zone), zone_name=zone, **more),
    zones,
    person=st.booleans(),
    quiet_from=st.times(),
    quiet_until=st.times(),
    quiet_weekends=st.booleans(),
    digest_at=st.times(),
    interruptions=st.integers(1, 50),
    watch_in_digest=st.booleans(),
)
hushes = st.lists(st.builds(Hush, moments, st.booleans(), st.just("silence")), max_size=3)
facts = st.builds(
    Facts,
    kind=st.sampled_from(["firing", "acknowledged", "reminder", "escalated", "resolved"]),
    severity=st.sampled_from(["watch", "critical"]),
    tier=st.integers(1, 4),
    owed_at=moments,
    flapping=st.booleans(),
    shared=st.booleans(),
    digest=st.booleans(),
    hushes=hushes.map(tuple),
    snoozed_until=st.none() | moments,
    last_told_at=st.none() | moments,
    critical_told=st.booleans(),
    ends_case=st.booleans(),
    quiet_hours=st.booleans(),
    budgets=st.booleans(),
)
past = st.lists(moments, max_size=6)


@given(facts, readers, past, moments)
def test_nothing_is_dropped_and_whatever_is_held_ends_later_and_says_why(
    news, reader, interrupted, at
):
    news = replace(news, owed_at=min(news.owed_at, at))
    if news.last_told_at is not None:
        news = replace(news, last_told_at=min(news.last_told_at, at))

    decision = decide(news, reader, WAITS, interrupted=interrupted, at=at)

    assert decision.route in ("now", "digest", "hold")
    if decision.until is not None:
        assert decision.until > at
        assert decision.why
    assert decision.route != "hold" or decision.until is not None


@given(facts, readers, past, moments)
def test_a_chain_of_decisions_ends_with_a_message(news, reader, interrupted, at):
    """Looked at again whenever it is due, news is told after a few looks at most."""
    news = replace(news, owed_at=at, last_told_at=None)
    for _ in range(8):
        decision = decide(news, reader, WAITS, interrupted=interrupted, at=at)
        if decision.goes:
            return
        at, news = decision.until, replace(news, digest=decision.route == "digest")
    raise AssertionError("it is put off for ever")


@given(facts, readers, past, moments)
def test_the_first_critical_news_of_a_tier_1_case_goes_now_unless_two_people_agreed(
    news, reader, interrupted, at
):
    news = replace(
        news, kind="firing", severity="critical", tier=1, critical_told=False, digest=False
    )
    silenced = any(hush.agreed and hush.until > at for hush in news.hushes)

    decision = decide(news, reader, WAITS, interrupted=interrupted, at=at)

    assert decision.route == ("hold" if silenced else "now")
