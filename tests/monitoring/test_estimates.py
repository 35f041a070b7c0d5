"""Estimates wait beside a window without a verdict, and never become one."""

import pytest

from monitoring.models import Alert, Run, Window
from monitoring.queries.estimates import estimates_of
from policies.retraining import facts
from tests.cast import cast
from tests.monitoring import watching
from tests.monitoring.judging.test_performance_job import outcomes
from tests.monitoring.watching import after, look, watched, week

pytestmark = pytest.mark.django_db(transaction=True)


def asked(made, **spec):
    limit = [{"name": "roc_auc", "limit": 0.99}]
    return watching.check(
        made, "quality", "performance", **{"estimate": "confidence", "metrics": limit, **spec}
    )


def test_before_labels_come_there_is_an_estimate_and_no_verdict(tmp_path, judge):
    made = watched(tmp_path)
    check = asked(made)
    made.land(week())

    look(after(1))

    (one,) = estimates_of(made.model)
    assert 0.5 < one.estimate < 0.99
    assert (one.realized, one.past_error, one.compared_windows) == (None, None, 0)
    assert 0 < one.reference_error < 0.1
    # Far below the limit: were it a verdict, this would be a breach.
    assert made.states(check) == []
    assert not Run.objects.exists()
    assert not Alert.objects.exists()
    tried = Window.objects.get().tried_labels
    look(after(1, hours=3))
    assert Window.objects.get().tried_labels == tried


def test_labels_put_what_came_beside_it_and_the_next_one_knows_the_error(tmp_path, judge, client):
    made = watched(tmp_path)
    people = cast()
    made.model.unit = people.fraud
    made.model.save()
    check = asked(made, metrics=[{"name": "roc_auc", "limit": 0.5}])
    made.land(week())
    look(after(1))
    made.land_labels(outcomes(week()), "2026-08-03")
    made.land(week(1), 1)
    look(after(2))

    newer, older = estimates_of(made.model)
    (run,) = made.runs(check)
    assert run.state == "ok"
    assert older.run == run.pk
    assert older.realized == run.readings.get(stage="performance").value
    assert older.error < 0.1
    assert (newer.realized, newer.past_error, newer.compared_windows) == (None, older.error, 1)
    reading = run.readings.get(stage="estimate")
    assert (reading.limit, reading.crossed, reading.method) == (None, False, "estimated")
    assert run.summary["maturity"]["completeness"] == 1.0
    assert run.summary["maturity"]["mature"] is False
    # What was estimated counts for no policy.
    (seen,) = facts._readings([run])[run.pk]
    assert seen["value"] == older.realized

    client.force_login(people.ana)
    body = client.get("/api/v1/models/credit/estimates/").json()
    assert "no verdict" in body["assumes"]
    assert [one["realized"] is None for one in body["estimates"]] == [True, False]
    page = client.get("/m/credit/").content.decode()
    assert "Expected until the labels come" in page
    assert "labels to come" in page
    page = client.get(f"/m/credit/runs/{run.pk}/").content.decode()
    assert "Expected until the labels come" in page
    assert "Estimated" not in page


def test_without_a_reference_the_labels_alone_judge(tmp_path, judge):
    made = watched(tmp_path, reference=False)
    check = asked(made, metrics=[{"name": "roc_auc", "limit": 0.5}])
    made.land(week())
    look(after(1))
    window = Window.objects.get()
    assert window.estimate["problem"] == "there is no reference to learn from"
    assert estimates_of(made.model) == []

    made.land_labels(outcomes(week()), "2026-08-03")
    look(after(1, days=2))

    assert made.states(check) == ["ok"]


def test_a_batch_that_lands_again_is_estimated_again(tmp_path, judge):
    made = watched(tmp_path)
    asked(made)
    made.land(week())
    look(after(1))
    (before,) = estimates_of(made.model)

    made.land(week(5).assign(time=week()["time"]))
    look(after(1, hours=3))

    (now,) = estimates_of(made.model)
    assert now.estimate != before.estimate
