"""False alarms to expect are told before a check is saved, and those it had after a month."""

from datetime import timedelta

import pytest

from monitoring import analyses, forecasts
from monitoring.alerts.forecast import alerts_a_window
from monitoring.alerts.judgement import When
from monitoring.models import Alert, Check
from registry import clock
from registry.problems import Invalid
from tests.monitoring import tables, watching
from tests.monitoring.watching import ACTOR, after, look, watched

ONE = When(bad=1, of=1, good=1)
LOOSE = {"numeric": {"method": "ks", "limit": 0.3}, "correction": "none", "segments": []}


def test_windows_that_never_cross_open_nothing():
    assert alerts_a_window([[], [], []], ONE) == 0.0


def test_every_crossing_alerts_when_one_is_enough_and_few_do_when_two_of_three_are_needed():
    looks = [[""]] + [[]] * 9

    # One window in ten crosses; of two such in a row only the first opens an alert.
    assert alerts_a_window(looks, ONE) == pytest.approx(0.09, abs=0.01)
    assert alerts_a_window(looks, When(2, 3, 2)) == pytest.approx(0.018, abs=0.006)


def test_segments_alert_for_themselves():
    looks = [["region=EU"], ["region=US"], *[[]] * 18]

    assert alerts_a_window(looks, ONE) == pytest.approx(0.1, abs=0.015)


def forecast(made, slug="data", **spec):
    asked, _ = analyses.request_forecast(
        ACTOR, made.model, slug, spec={**tables.SPEC, **spec}, at=clock.now()
    )
    assert analyses.work_due(at=clock.now(), seconds=60) == 1
    asked.refresh_from_db()
    return asked


@pytest.mark.django_db(transaction=True)
def test_a_draft_is_forecast_without_being_saved(tmp_path, judge):
    made = watched(tmp_path)

    strict = forecast(made)
    loose = forecast(made, when={"bad": 1, "of": 1, "good": 1}, **LOOSE)

    assert not Check.objects.exists()
    assert strict.result["false_alarms_a_week"] < 0.01
    assert 0 < strict.result["crossing_share_at_most"] < 0.06
    assert strict.result["windows"] == 200
    assert 0.1 < loose.result["false_alarms_a_week"] < 1
    assert loose.result["crossing_share"] > 0.5
    assert {one["feature"] for one in loose.result["by_column"]} >= {"income", "age", "balance"}
    assert analyses.forecast_of(made.model, "data").pk == loose.pk


@pytest.mark.django_db(transaction=True)
def test_without_a_reference_the_forecast_says_so(tmp_path, judge):
    made = watched(tmp_path, reference=False)

    asked = forecast(made)

    assert asked.fault.startswith("Nothing can be forecast without a reference")


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_cannot_work_is_refused(tmp_path):
    made = watched(tmp_path)

    with pytest.raises(Invalid):
        forecast(made, numeric={"method": "best"})


@pytest.mark.django_db(transaction=True)
def test_after_a_month_it_says_how_many_it_had(tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made)
    moved = watching.week(0)
    moved["balance"] += 3000
    made.land(moved, 0)
    second = watching.week(1)
    second["balance"] += 3000
    made.land(second, 1)
    look(after(2))
    incident = Alert.objects.get().incident
    incident.verdict = "false_alarm"
    incident.save(update_fields=["verdict"])

    assert forecasts.had(made.model, "data", at=after(3)) is None
    had = forecasts.had(made.model, "data", at=after(6))
    assert had is not None
    assert (had.false_alarms, had.weeks >= 4) == (1, True)
    assert forecasts.had(made.model, "other", at=after(9) + timedelta(days=1)) is None
