"""Health says whether the owner may look away."""

from datetime import timedelta

import pytest

from monitoring import health
from monitoring.models import Health, HealthSpan
from tests import cast
from tests.monitoring.history import MONDAY, WEEK, History, of_week, watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def model():
    return cast.cast().model


def spans(model):
    found = HealthSpan.objects.filter(model=model).order_by("pk")
    return [(span.state, span.ended_at is None) for span in found]


def test_a_model_without_checks_is_unknown(model):
    found = health.recompute(model, at=MONDAY)

    assert found.state == "unknown"
    assert found.reasons == ["Nothing watches this model: it has no checks."]


def test_a_model_without_a_verdict_waits_for_its_first_check(model):
    watched(model)

    found = health.recompute(model, at=MONDAY)

    assert found.state == "unknown"
    assert found.reasons == ["Waiting for the first check: there is no verdict yet."]


def test_a_due_check_without_a_verdict_makes_a_good_model_unknown(model):
    data = History(model)
    data.week(1)
    other = watched(model, "other")
    start, due = of_week(1), of_week(2) + timedelta(hours=24)
    window = other.windows.create(start=start, end=of_week(2), due_at=due)
    version = other.versions.get()
    summary = {"waiting_for": "what version 3 logged has not been read yet"}
    window.runs.create(check_version=version, queued_at=due, summary=summary)

    before = health.recompute(model, at=due - timedelta(seconds=1))
    found = health.recompute(model, at=due)

    assert (before.state, before.reasons) == (
        "ok",
        ["1 check looked at the newest window and found nothing."],
    )
    assert (found.state, found.reasons) == (
        "unknown",
        ["Check other waits for its first verdict: what version 3 logged has not been read yet."],
    )


def test_labels_that_are_not_due_yet_do_not_make_a_model_unknown(model):
    data = History(model)
    for week in (1, 2, 3, 4):
        data.week(week)
    watched(model, "performance", "performance", label_delay_days=28)

    assert health.recompute(model, at=of_week(6)).state == "ok"
    assert health.recompute(model, at=of_week(6) + timedelta(hours=24)).state == "unknown"


def test_it_is_ok_when_every_check_looked_and_found_nothing(model):
    History(model).week(1)

    assert model.health.state == "ok"
    assert model.health.reasons == ["1 check looked at the newest window and found nothing."]


@pytest.mark.parametrize(
    "state", ["data_fault", "source_fault", "not_evaluated", "missed", "failed"]
)
def test_a_newest_window_that_could_not_be_judged_is_unknown(model, state):
    history = History(model)
    history.week(1)
    history.week(2, state, "the reason")

    assert model.health.state == "unknown"
    assert "the reason" in model.health.reasons[0]


def test_one_drifting_week_without_an_alert_is_not_ok(model):
    History(model).week(1, "drift", income=0.4)

    assert model.health.state == "watch"
    assert model.health.reasons == [
        "Drift in check data for the window of 17 Aug 2026; no alert yet."
    ]


def test_an_open_alert_keeps_watch_over_a_good_week(model):
    history = History(model)
    for week, state in enumerate(["drift", "drift", "ok"], start=1):
        history.week(week, state, **({"income": 0.4} if state == "drift" else {}))

    assert model.health.state == "watch"


def test_a_critical_alert_comes_before_a_fault(model):
    History(model, "performance", "performance", when={"bad": 1, "of": 1, "good": 1}).week(
        1, "breach", roc_auc=0.6
    )
    History(model).week(1, "missed", "no batch came")

    assert model.health.state == "critical"
    assert len(model.health.reasons) == 2


def test_an_older_week_that_finishes_late_does_not_move_health(model):
    history = History(model)
    history.week(1)
    history.week(3)

    history.week(2, "data_fault", "late and broken")

    assert model.health.state == "ok"


def test_all_checks_paused_is_paused_and_one_paused_check_does_not_count(model):
    data, other = History(model), History(model, "other")
    data.week(1)
    other.week(1, "missed", "no batch came")
    for check in (other.check, data.check):
        check.paused = True
        check.save(update_fields=["paused"])
        health.recompute(model, at=of_week(3))

    assert [state for state, _ in spans(model)] == ["ok", "unknown", "ok", "paused"]


def test_silence_longer_than_period_and_grace_is_unknown(model):
    History(model).week(1)
    assert model.health.stale_at == MONDAY + 2 * WEEK + timedelta(hours=25)

    early = health.mark_stale(at=model.health.stale_at - timedelta(seconds=1), seconds=5)
    late = health.mark_stale(at=model.health.stale_at, seconds=5)
    again = health.mark_stale(at=model.health.stale_at, seconds=5)

    assert (early, late, again) == (0, 1, 0)
    found = Health.objects.get(model=model)
    assert found.state == "unknown"
    assert found.reasons == [
        "No verdict from check data since the window of 17 Aug 2026; "
        "one was due by 2026-09-01 01:00 UTC."
    ]


def test_a_watched_model_that_nobody_judged_yet_gets_its_row_from_the_sweep(model):
    watched(model)

    assert health.mark_stale(at=MONDAY, seconds=5) == 1
    assert Health.objects.get(model=model).state == "unknown"


def test_the_history_has_one_open_stretch_and_no_doubles(model):
    history = History(model)
    history.week(1)
    history.week(2)
    history.week(3, "missed", "no batch came")

    assert spans(model) == [("ok", False), ("unknown", True)]
    closed = HealthSpan.objects.filter(model=model).exclude(ended_at=None).get()
    assert closed.ended_at == HealthSpan.objects.get(model=model, ended_at=None).started_at
