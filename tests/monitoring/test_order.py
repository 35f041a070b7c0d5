"""Verdicts come in window order, absence too: else what the earlier ones show alerts nobody."""

import pytest

from monitoring import definitions
from monitoring.models import Health
from registry import actors
from tests.monitoring import watching
from tests.monitoring.history import History, of_week
from tests.monitoring.watching import after, prepare, watched, week

pytestmark = pytest.mark.django_db


def test_a_missing_batch_waits_for_the_earlier_ones_to_be_judged(tmp_path):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())

    prepare(after(3))

    assert made.states(check) == ["queued"]

    check.windows.get(start=made.runs(check)[0].window.start).runs.update(
        state="ok", finished_at=after(3)
    )
    prepare(after(3, hours=1))

    assert made.states(check) == ["ok", "missed"]


def test_health_knows_at_once_that_a_check_is_paused(tmp_path):
    made = watched(tmp_path)
    history = History(made.model)
    history.week(1)

    definitions.pause_check(
        actors.system("tests"), history.check, paused=True, reason="moving", at=of_week(2)
    )

    assert Health.objects.get(model=made.model).state == "paused"


def test_health_knows_at_once_that_there_is_a_check(tmp_path):
    made = watched(tmp_path)

    watching.check(made)

    assert Health.objects.get(model=made.model).reasons == [
        "Check data waits for its first verdict.",
    ]
