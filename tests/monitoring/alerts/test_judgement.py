"""What may fire and what may resolve, for any history of verdicts."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring.alerts.judgement import (
    FAULTS,
    Condition,
    Look,
    Point,
    When,
    cause_key,
    judge,
    muter,
    severity_of,
)

MONDAY = datetime(2026, 8, 17, tzinfo=UTC)
DRIFT = Condition("drift")


def look(number, state, *segments, run=None, explained=False):
    return Look(
        run_id=run or number + 1,
        start=MONDAY + timedelta(days=7 * number),
        state=state,
        crossed=frozenset(segments),
        explained=explained,
    )


def looks(*states):
    return [look(n, s, *([""] if s in ("drift", "breach") else [])) for n, s in enumerate(states)]


def replay(history, when):
    """Judge window after window as the runs do; return the events in order."""
    open_since, ended, events = {}, {}, []
    for upto in range(1, len(history) + 1):
        newest = history[upto - 1]
        verdict = judge(history[:upto], open_since=open_since, ended=ended, when=when)
        for condition in verdict.resolves:
            open_since.pop(condition)
            ended[condition] = Point(newest.start, newest.run_id)
            events.append(("resolve", condition, upto))
        for opening in verdict.opens:
            assert opening.condition not in open_since, "one open alert per condition"
            open_since[opening.condition] = Point(newest.start, newest.run_id)
            events.append(("open", opening.condition, upto))
    return events


TWO_OF_THREE = When(2, 3, 2)


def drift_events(*states, when=TWO_OF_THREE):
    found = replay(looks(*states), when)
    return [(kind, number) for kind, condition, number in found if condition == DRIFT]


def test_one_bad_window_is_not_two_of_three():
    assert drift_events("ok", "drift", "ok", "ok") == []


def test_the_second_bad_window_of_three_opens():
    assert drift_events("drift", "ok", "drift") == [("open", 3)]


def test_a_bad_window_that_left_the_last_three_does_not_count():
    assert drift_events("drift", "ok", "ok", "drift") == []


def test_it_resolves_only_after_two_good_windows():
    assert drift_events("drift", "drift", "ok", "drift", "ok", "ok") == [
        ("open", 2),
        ("resolve", 6),
    ]


def test_a_fault_is_neither_good_nor_bad_for_drift():
    assert drift_events("drift", "data_fault", "drift") == [("open", 3)]
    assert drift_events("drift", "drift", "data_fault", "missed") == [("open", 2)]
    assert drift_events("drift", "drift", "ok", "data_fault", "ok") == [("open", 2), ("resolve", 5)]


def test_windows_that_an_episode_has_told_do_not_count_again():
    assert drift_events("drift", "drift", "ok", "drift", when=When(2, 4, 1)) == [
        ("open", 2),
        ("resolve", 3),
    ]


def test_a_fault_opens_at_once_and_ends_with_the_first_window_that_was_judged():
    found = replay(looks("data_fault", "data_fault", "drift"), When())

    assert found == [
        ("open", Condition("data_fault"), 1),
        ("resolve", Condition("data_fault"), 3),
    ]


def test_faulty_data_end_the_missing_batch_but_not_the_other_way_round():
    assert replay(looks("missed", "data_fault", "missed"), When()) == [
        ("open", Condition("missed"), 1),
        ("resolve", Condition("missed"), 2),
        ("open", Condition("data_fault"), 2),
        ("open", Condition("missed"), 3),
    ]


def test_what_another_alert_explains_opens_nothing():
    assert (
        judge(
            [look(0, "not_evaluated", explained=True)], open_since={}, ended={}, when=When()
        ).opens
        == ()
    )


def test_drift_in_two_segments_in_turn_is_not_two_of_three():
    history = [look(0, "drift", "region=EU"), look(1, "drift", "region=US")]

    assert replay(history, When()) == []


def test_drift_in_one_segment_twice_opens_for_that_segment():
    history = [look(0, "drift", "region=EU"), look(1, "drift", "region=EU", "region=US")]

    assert replay(history, When()) == [("open", Condition("drift", "region=EU"), 2)]


def test_a_segment_is_no_news_when_all_rows_have_moved():
    history = [look(0, "drift", "", "region=EU"), look(1, "drift", "", "region=EU")]

    assert replay(history, When()) == [("open", DRIFT, 2)]


def test_a_new_verdict_on_the_same_window_can_end_the_alert_and_open_it_again():
    bad, good, bad_again = (look(0, s, run=r) for s, r in [("missed", 1), ("ok", 2), ("missed", 3)])
    missed = Condition("missed")

    first = judge([good], open_since={missed: Point(MONDAY, 1)}, ended={}, when=When())
    second = judge([bad_again], open_since={}, ended={missed: Point(MONDAY, 2)}, when=When())
    repeat = judge([bad], open_since={}, ended={missed: Point(MONDAY, 1)}, when=When())

    assert first.resolves == (missed,)
    assert [opening.condition for opening in second.opens] == [missed]
    assert repeat.opens == ()


STATES = st.sampled_from(["ok", "drift", "breach", *sorted(FAULTS)])
SEGMENTS = st.sets(st.sampled_from(["", "region=EU", "region=US"]), max_size=3)
RULES = st.integers(1, 4).flatmap(
    lambda of: st.builds(When, bad=st.integers(1, of), of=st.just(of), good=st.integers(1, 3))
)


@st.composite
def histories(draw):
    states = draw(st.lists(STATES, max_size=14))
    return [
        look(n, s, *(draw(SEGMENTS) if s in ("drift", "breach") else []))
        for n, s in enumerate(states)
    ]


def is_bad(found, condition):
    return found.state == condition.name and (
        condition.name in FAULTS or condition.segment in (found.crossed or {""})
    )


@given(histories(), RULES)
def test_nothing_fires_on_fewer_than_m_bad_windows(history, when):
    for kind, condition, upto in replay(history, when):
        if kind == "open":
            needed, of = (1, 1) if condition.name in FAULTS else (when.bad, when.of)
            assert sum(is_bad(item, condition) for item in history[:upto][-of:]) >= needed
            assert is_bad(history[upto - 1], condition)


@given(histories(), RULES)
def test_nothing_resolves_before_enough_good_windows(history, when):
    opened = {}
    for kind, condition, upto in replay(history, when):
        if kind == "open":
            opened[condition] = upto
            continue
        after = history[opened.pop(condition) : upto]
        judged = [item for item in after if item.state not in FAULTS]
        if condition.name in FAULTS:
            assert not is_bad(after[-1], condition)
        else:
            assert len(judged) >= when.good
            assert not any(is_bad(item, condition) for item in judged[-when.good :])


@given(histories(), RULES)
def test_an_episode_ends_before_the_next_of_its_condition_begins(history, when):
    is_open = set()
    for kind, condition, _ in replay(history, when):
        if kind == "open":
            assert condition not in is_open
            is_open.add(condition)
        else:
            is_open.remove(condition)


@given(histories(), RULES)
def test_only_faults_open_while_nothing_could_be_judged(history, when):
    for kind, condition, upto in replay(history, when):
        if history[upto - 1].state in FAULTS and kind == "open":
            assert condition.name in FAULTS


def test_a_broken_feed_mutes_bad_data_and_bad_data_mute_drift():
    assert muter("drift", open_names={"data_fault", "source_fault"}) == "source_fault"
    assert muter("breach", open_names={"data_fault"}) == "data_fault"
    assert muter("data_fault", open_names={"missed"}) == "missed"
    assert muter("source_fault", open_names={"data_fault", "drift"}) is None
    assert muter("data_fault", open_names={"drift"}) is None


def test_faults_share_the_severity_of_a_data_fault_and_a_breach_is_critical():
    assert severity_of("missed", {"data_fault": "critical"}) == "critical"
    assert severity_of("drift", {"data_fault": "critical"}) == "watch"
    assert severity_of("breach", {}) == "critical"
    assert severity_of("breach", {"breach": "watch"}) == "watch"


def test_a_cause_is_the_server_the_feed_or_the_model():
    ids = {"model_id": 3, "unit_id": 2, "source_id": 7}

    assert cause_key("missed", **ids, server_id=None) == "source:7"
    assert cause_key("data_fault", **ids, server_id=None) == "source:7"
    assert cause_key("drift", **ids, server_id=None) == "model:3:drift"
    assert cause_key("failed", **ids, server_id=None) == "model:3:evaluation"
    assert cause_key("not_evaluated", **ids, server_id=1) == "mlflow:1:unit:2"
