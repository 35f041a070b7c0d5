"""Who hears next, and when; pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts.escalation import (
    ADMINS,
    DEPUTY,
    OWNER,
    Case,
    attend,
    by_hand,
    next_step,
    steps,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRAVE = Case(severity="critical", tier=1, began_at=NOON)


def told(case):
    return [(step.after, step.to) for step in steps(case)]


@pytest.mark.parametrize(
    ("severity", "tier", "pipeline", "line"),
    [
        ("critical", 1, False, [(4 * HOUR, (DEPUTY,)), (DAY, (ADMINS,))]),
        ("critical", 2, False, [(DAY, (DEPUTY,)), (3 * DAY, (ADMINS,))]),
        ("critical", 3, False, []),
        ("watch", 1, False, []),
        ("critical", 1, True, [(4 * HOUR, (OWNER, DEPUTY)), (DAY, (ADMINS,))]),
        ("watch", 3, True, [(DAY, (OWNER,))]),
    ],
)
def test_the_steps_follow_from_severity_tier_and_whose_fault_it_is(severity, tier, pipeline, line):
    assert told(replace(GRAVE, severity=severity, tier=tier, pipeline=pipeline)) == line


def test_each_step_is_taken_once_and_in_its_time():
    early = attend(GRAVE, at=NOON + HOUR)
    first = attend(GRAVE, at=NOON + 4 * HOUR)
    second = attend(replace(GRAVE, escalated=1), at=NOON + DAY)
    done = attend(replace(GRAVE, escalated=2, reminded_at=NOON + DAY), at=NOON + DAY + HOUR)

    assert (early.steps, early.next_at) == ((), NOON + 4 * HOUR)
    assert ([step.to for step in first.steps], first.next_at) == ([(DEPUTY,)], NOON + DAY)
    assert [step.to for step in second.steps] == [(ADMINS,)]
    assert (done.steps, done.reminds, done.next_at) == ((), False, NOON + 2 * DAY)


def test_after_a_standstill_all_steps_are_taken_at_once():
    assert [step.to for step in attend(GRAVE, at=NOON + 9 * DAY).steps] == [(DEPUTY,), (ADMINS,)]


def test_a_critical_case_is_reminded_of_each_day_and_others_never():
    assert attend(GRAVE, at=NOON + DAY).reminds
    assert not attend(replace(GRAVE, severity="watch"), at=NOON + 9 * DAY).reminds
    assert attend(replace(GRAVE, severity="watch"), at=NOON).next_at is None


def test_an_acknowledgment_stops_the_steps_until_it_runs_out():
    on_it = replace(GRAVE, acknowledged=True, acknowledged_until=NOON + 3 * DAY)

    assert attend(on_it, at=NOON + 2 * DAY).steps == ()
    assert attend(on_it, at=NOON + 2 * DAY).next_at == NOON + 3 * DAY
    over = attend(on_it, at=NOON + 3 * DAY)
    assert (over.reopens, over.steps, over.next_at) == (True, (), NOON + 3 * DAY + 4 * HOUR)


def test_a_snooze_stops_the_steps_until_it_ends():
    put_off = replace(GRAVE, tier=2, snoozed_until=NOON + 30 * HOUR)

    assert attend(put_off, at=NOON + 25 * HOUR).steps == ()
    assert attend(put_off, at=NOON + HOUR).next_at == NOON + 30 * HOUR
    assert attend(put_off, at=NOON + 30 * HOUR).wakes


def test_one_person_cannot_snooze_a_critical_case_of_tier_1_away_from_the_others():
    again_and_again = replace(GRAVE, snoozed_until=NOON + 7 * HOUR)

    found = attend(again_and_again, at=NOON + 4 * HOUR)
    assert ([step.to for step in found.steps], found.wakes, found.reminds) == (
        [(DEPUTY,)], False, False,
    )  # fmt: skip
    assert found.next_at == NOON + 7 * HOUR


def test_a_person_passes_on_also_what_nobody_would_hear_of_by_itself():
    quiet = replace(GRAVE, tier=4, severity="watch")

    assert by_hand(quiet).to == (DEPUTY,)
    assert by_hand(replace(quiet, escalated=1)).to == (ADMINS,)
    assert by_hand(replace(quiet, escalated=2)) is None


def test_who_is_next_is_known_from_the_beginning():
    step, moment = next_step(GRAVE)

    assert (step.to, moment) == ((DEPUTY,), NOON + 4 * HOUR)
    assert next_step(replace(GRAVE, escalated=2)) is None


@given(
    st.sampled_from(["watch", "critical"]),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
    st.integers(0, 400),
)
def test_the_next_look_is_always_later(severity, tier, pipeline, acknowledged, hours):
    case = replace(
        GRAVE,
        severity=severity,
        tier=tier,
        pipeline=pipeline,
        acknowledged=acknowledged,
        acknowledged_until=NOON + 72 * HOUR if acknowledged else None,
    )
    at = NOON + hours * HOUR

    next_at = attend(case, at=at).next_at

    assert next_at is None or next_at > at
