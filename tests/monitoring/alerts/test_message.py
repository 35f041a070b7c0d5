"""What a message says: enough for an owner who has a minute."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import events
from monitoring.alerts.condition_words import WORDS
from monitoring.alerts.judgement import CROSSINGS, FAULTS
from monitoring.alerts.message import RunFacts, Story, compose
from monitoring.alerts.wording import Crossing, crossing, headline, number

MONDAY = datetime(2025, 11, 17, tzinfo=UTC)
INCOME = Crossing("income", "psi", 0.41, 0.2)

STORY = Story(
    kind="firing",
    condition="drift",
    severity="critical",
    headline=headline(WORDS["drift"], crossings=[INCOME], bad=2, of=3),
    model="card-fraud",
    model_name="Card fraud",
    unit="Fraud",
    tier=1,
    version=14,
    purpose="Stop stolen cards",
    check="data",
    check_kind="data and drift",
    check_version=7,
    since=MONDAY,
    opened_at=datetime(2025, 11, 18, 14, tzinfo=UTC),
    incident="INC-381",
    incident_url="https://muster.example/incidents/381/",
    model_url="https://muster.example/m/card-fraud/",
    run=RunFacts(state="drift", rows=48_102),
    crossings=(INCOME, Crossing("age", "psi", 0.3, 0.2)),
    crossings_total=6,
    bad=2,
    of=3,
    good=2,
    told=("Max Ito", "webhook fraud-models"),
    role="owner",
)


def parts(story):
    return {label: " ".join(lines) for label, lines in compose(story).parts}


def test_the_subject_says_state_model_unit_and_what_crossed_which_limit():
    assert compose(STORY).subject == (
        "◆ CRITICAL card-fraud (Fraud, tier 1): PSI of income 0.41 > 0.2, 2 of 3 windows"
    )


@pytest.mark.parametrize("condition", ["data_fault", "source_fault", "not_evaluated"])
def test_a_fault_is_worded_from_its_reason_only(condition):
    text = headline(WORDS[condition], crossings=[INCOME], reason="column age is missing")

    assert text.endswith(": column age is missing")
    assert "PSI" not in text


def test_it_says_what_crossed_which_limit_and_since_when():
    what = parts(STORY)["What"]

    assert "PSI of income 0.41 > 0.2, 2 of 3 windows; bad since the window of 17 Nov 2025." in what
    assert "PSI of age 0.3 > 0.2." in what
    assert "2 more are over their limits." in what


def test_it_says_since_when_in_the_readers_own_time():
    berlin = replace(STORY, time_zone="Europe/Berlin")

    assert "since Tue 18 Nov 2025 15:00 CET" in compose(berlin).lead
    assert "since Tue 18 Nov 2025 14:00 UTC" in compose(replace(STORY, time_zone="Mars/X")).lead


def test_it_says_whether_the_monitor_itself_is_sound():
    late = RunFacts(state="drift", rows=10, due_at=MONDAY, finished_at=STORY.opened_at)
    blind = replace(STORY, condition="missed", severity="watch", run=RunFacts(state="missed"))
    broken = replace(
        STORY,
        condition="data_fault",
        severity="watch",
        run=RunFacts(state="data_fault", rows=0, violations=("column age is missing",)),
    )

    assert parts(STORY)["Is the monitor sound?"] == (
        "It ran on time, 48,102 rows. The data kept their contract."
    )
    assert parts(replace(STORY, run=late))["Is the monitor sound?"].startswith("It ran late")
    assert parts(blind)["Is the monitor sound?"].startswith("No: it could not look.")
    assert "column age is missing." in parts(broken)["Is the monitor sound?"]


def test_a_fault_is_announced_as_unknown_unless_it_is_rated_critical():
    fault = replace(STORY, condition="data_fault", severity="watch")

    assert compose(fault).subject.startswith("? UNKNOWN card-fraud")
    assert compose(replace(fault, severity="critical")).subject.startswith("◆ CRITICAL")
    assert compose(replace(STORY, severity="watch")).subject.startswith("▲ WATCH")


def test_what_the_policy_does_meanwhile_comes_from_its_notes():
    noted = replace(STORY, notes=("Retraining is on hold: the data are faulty.",))

    assert parts(noted)["If you do nothing"] == "Retraining is on hold: the data are faulty."
    assert "2 good windows in a row" in parts(STORY)["If you do nothing"]


def test_it_names_the_action_who_else_knows_the_rule_and_why_it_came():
    letter = compose(STORY)

    assert letter.url == "https://muster.example/incidents/381/"
    assert letter.action == "Open incident INC-381"
    assert letter.footer == (
        "Told as well: Max Ito, webhook fraud-models.",
        "Rule: check data (data and drift) version 7, 2 of 3 windows.",
        "You get this as owner. Model page: https://muster.example/m/card-fraud/",
    )


def test_the_end_says_how_long_it_lasted_and_why_it_is_over():
    ended = replace(STORY, kind="resolved", resolved_at=datetime(2025, 11, 25, 9, tzinfo=UTC))
    closed = replace(ended, resolved_by="Ana", root_cause="Pipeline fault: feed release 7.3")

    assert compose(ended).subject == (
        "● RESOLVED card-fraud (Fraud, tier 1): drift is over after 6 days"
    )
    assert parts(ended)["Why it is over"] == "Muster has seen 2 good windows in a row."
    assert parts(closed)["Why it is over"] == (
        "Ana closed incident INC-381. Pipeline fault: feed release 7.3"
    )


@given(st.text(max_size=400), st.text(max_size=200), st.sampled_from(["firing", "resolved"]))
def test_the_subject_is_one_short_line_whatever_things_are_called(text, unit, kind):
    subject = compose(replace(STORY, kind=kind, headline=text, unit=unit)).subject

    assert len(subject) <= 180
    assert len(subject.splitlines()) == 1


@given(st.one_of(st.none(), st.floats()))
def test_any_number_can_be_written(value):
    assert number(value)


def test_numbers_are_written_as_people_read_them():
    written = [number(v) for v in (0.4123, 48_102.0, 0.00001, None, float("nan"))]

    assert written == ["0.412", "48,102", "1.00e-05", "no value", "not a number"]


def test_a_crossing_is_named_by_its_metric_or_by_method_and_column():
    written = [
        crossing(found)
        for found in (
            INCOME,
            Crossing("roc_auc", "roc_auc", 0.61, 0.7, "min"),
            Crossing("latency_p95_ms", "value", 130.0, 120.0),
            Crossing("income", "psi", 0.5, 0.35, segment="region=EU"),
        )
    ]

    assert written == [
        "PSI of income 0.41 > 0.2",
        "roc_auc 0.61 < 0.7",
        "latency_p95_ms 130 > 120",
        "PSI of income 0.5 > 0.35 in region=EU",
    ]


def test_every_condition_that_can_open_an_alert_has_its_words():
    conditions = {*CROSSINGS, *FAULTS, *events.CONDITIONS}

    assert set(WORDS) == conditions
    for condition in conditions:
        letter = compose(replace(STORY, condition=condition, crossings=(), notes=()))
        assert all(lines and "{" not in "".join(lines) for _, lines in letter.parts)
        assert {"Likely cause", "Effect", "If you do nothing", "Do now"} <= dict(
            letter.parts
        ).keys()
    with pytest.raises(KeyError):
        compose(replace(STORY, condition="unheard_of"))


def test_a_version_that_mlflow_tells_of_is_not_taken_for_rows():
    europe = replace(STORY, segment="region=EU")
    version = replace(STORY, condition="files_changed", check="", segment="v3", crossings=())

    assert parts(europe)["Effect"].startswith("Concerns the rows of region=EU.")
    assert parts(version)["Effect"].startswith("What serves may not be what was trained")
