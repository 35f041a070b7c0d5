"""Performance checks wait for labels; metric checks read what MLflow logged."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring import runs
from monitoring.alerts import message, stories
from monitoring.models import Alert, Delivery, Window
from registry.models import MetricPoint, MLflowServer, ModelVersion, SourceModel
from tests.monitoring import tables, watching
from tests.monitoring.judging.test_performance_job import outcomes
from tests.monitoring.watching import after, look, watched, week

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_window_waits_for_labels_and_is_judged_when_enough_came(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "quality", "performance")
    table = week()
    made.land(table)
    labels = outcomes(table)

    look(after(1))
    assert made.states(check) == []

    made.land_labels(labels[:200], "early")
    look(after(1, days=3))
    assert made.states(check) == []
    window = Window.objects.get(check_ref=check)
    assert window.completeness == pytest.approx(1 / 3)

    made.land_labels(labels[200:], "later")
    look(after(1, days=9))
    (run,) = made.runs(check)
    assert (run.state, run.completeness, run.revision) == ("ok", 1.0, 1)


def test_too_few_labels_after_the_delay_are_not_evaluated_with_the_share(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "quality", "performance")
    table = week()
    made.land(table)
    made.land_labels(outcomes(table)[:72], "2026-08-03")
    look(after(1))

    look(after(1, days=29, hours=1))

    (run,) = made.runs(check)
    assert run.state == "not_evaluated"
    assert run.reason == "labels: 12 % of rows after 28 days (72 of 600)"

    made.land_labels(outcomes(table), "2026-08-03")
    look(after(1, days=30))
    (run,) = made.runs(check)
    assert (run.state, run.revision) == ("ok", 2)


def test_no_labels_at_all_are_not_evaluated_when_due(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "quality", "performance")
    made.land(week())

    look(after(1, days=30))

    (run,) = made.runs(check)
    assert (run.state, run.reason) == ("not_evaluated", "labels: 0 % of rows after 28 days")


def test_labels_of_another_window_are_not_this_ones(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "quality", "performance")
    made.land(week())
    made.land_labels(outcomes(week(1)), "2026-08-10")

    look(after(1, days=5))

    assert made.states(check) == []


def test_wrong_predictions_are_a_breach(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, "quality", "performance")
    table = week()
    made.land(table)
    labels = outcomes(table)
    made.land_labels(labels.assign(label=1 - labels["label"]), "2026-08-03")

    look(after(1))

    (run,) = made.runs(check)
    assert run.state == "breach"
    assert run.reason.startswith("roc_auc is 0.")


def test_broken_data_makes_performance_not_evaluated_until_it_is_mended(tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made)
    check = watching.check(made, "quality", "performance")
    table = week()
    made.land(table.drop(columns=["income"]))
    made.land_labels(outcomes(table), "2026-08-03")
    look(after(1))
    (run,) = made.runs(check)
    assert run.state == "not_evaluated"
    assert run.reason == ("the data check of this window says: The column income is missing")

    made.land(table)
    look(after(1, hours=2))
    (run,) = made.runs(check)
    assert (run.state, run.revision) == ("ok", 2)


def latency(made, number, at, value=None):
    text = value or str(number)
    MetricPoint.objects.create(
        server=made.version.source_model.server,
        run_id=made.version.run_id,
        key="latency_p95_ms",
        step=0,
        at=at,
        value=text,
        number=None if value else number,
    )


def metric_check(made):
    spec = {
        "metric": "latency_p95_ms",
        "every_days": 7,
        "start": tables.SPEC["start"],
        "direction": "max",
        "limit": 120,
    }
    return watching.check(made, "latency", "metric", **spec)


def test_the_newest_value_of_a_window_is_judged(tmp_path):
    made = watched(tmp_path)
    check = metric_check(made)
    latency(made, 90, tables.START + timedelta(days=1))
    latency(made, 130, tables.START + timedelta(days=6))
    latency(made, 100, tables.START + timedelta(days=8))
    ModelVersion.objects.update(points_read_at=after(2))

    look(after(2))

    first, second = made.runs(check)
    assert (first.state, second.state) == ("breach", "ok")
    assert first.reason == "latency_p95_ms is 130, above the limit of 120"
    assert first.readings.get().value == 130


def test_values_are_not_judged_before_a_sync_that_saw_the_whole_window(tmp_path):
    made = watched(tmp_path)
    check = metric_check(made)
    latency(made, 90, tables.START + timedelta(days=1))
    ModelVersion.objects.update(points_read_at=after(1) - timedelta(hours=1))

    look(after(1))

    assert made.states(check) == []


@pytest.mark.parametrize(
    ("point", "state", "words"),
    [
        ("before", "missed", "no value of latency_p95_ms was logged in this window"),
        ("NaN", "not_evaluated", "was logged as NaN"),
    ],
)
def test_without_a_value_the_window_says_why(tmp_path, point, state, words):
    made = watched(tmp_path)
    check = metric_check(made)
    if point == "before":
        latency(made, 90, tables.START - timedelta(days=1))
    elif point:
        latency(made, None, tables.START + timedelta(days=1), point)
    ModelVersion.objects.update(points_read_at=after(1, days=3))

    look(after(1, days=2))

    (run,) = made.runs(check)
    assert run.state == state
    assert words in run.reason


def test_what_was_not_read_since_the_window_is_not_called_absent(tmp_path):
    """A sweep was through, and then the model came: of its run nobody knows anything yet."""
    made = watched(tmp_path)
    check = metric_check(made)
    latency(made, 90, tables.START - timedelta(days=1))
    MLflowServer.objects.update(swept_at=after(1, days=3))

    look(after(1, days=2))

    assert made.states(check) == []


@pytest.mark.parametrize(
    ("server", "source", "words"),
    [
        (
            {"fault": "the server did not answer"},
            {},
            "MLflow could not be read: the server did not answer",
        ),
        ({}, {"presence": "missing"}, "MLflow does not show the model"),
    ],
)
def test_what_cannot_be_read_is_a_fault_of_the_source(tmp_path, server, source, words):
    made = watched(tmp_path)
    check = metric_check(made)
    latency(made, 90, tables.START - timedelta(days=1))
    MLflowServer.objects.update(swept_at=after(1, days=3), **server)
    SourceModel.objects.update(**source)

    look(after(1, days=2))

    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert words in run.reason


def test_a_metric_nobody_logged_is_told_in_words_of_its_own(tmp_path):
    made = watched(tmp_path)
    metric_check(made)
    latency(made, 90, tables.START - timedelta(days=1))
    ModelVersion.objects.update(points_read_at=after(1, days=3))

    look(after(1, days=2))

    alert = Alert.objects.get()
    firing = stories.tell(Delivery.objects.get())
    over = replace(firing, kind="resolved", resolved_at=after(1, days=4))
    said = {label: lines[0] for label, lines in message.compose(firing).parts}
    assert alert.headline == ("No value came: no value of latency_p95_ms was logged in this window")
    assert alert.incident.title == "credit: no value came"
    assert said["Likely cause"].startswith("The job that logs the metric did not run")
    assert said["Do now"].startswith("Ask whoever logs the metric")
    assert "no value came is over after" in message.compose(over).subject
    assert "batch" not in str(message.compose(firing).parts + message.compose(over).parts)
    assert not any("batch" in reason for reason in made.model.health.reasons)


def test_an_unknown_metric_waits_a_moment_and_then_says_so(tmp_path):
    made = watched(tmp_path)
    check = metric_check(made)
    ModelVersion.objects.update(points_read_at=after(1, days=3))

    look(after(1, days=2))
    (waiting,) = made.runs(check)
    look(after(1, days=2) + runs.PATIENCE + timedelta(minutes=1))
    (run,) = made.runs(check)

    assert waiting.state == "queued"
    assert run.state == "not_evaluated"
    assert "no metric latency_p95_ms was ever logged to the run" in run.reason
    assert "known: none" in run.reason


def test_a_value_that_comes_late_mends_the_window(tmp_path):
    made = watched(tmp_path)
    check = metric_check(made)
    latency(made, 90, tables.START - timedelta(days=1))
    ModelVersion.objects.update(points_read_at=after(1, days=3))
    look(after(1, days=3))
    assert made.states(check) == ["missed"]

    latency(made, 91, tables.START + timedelta(days=1))
    look(after(1, days=4))

    assert made.states(check) == ["ok"]
