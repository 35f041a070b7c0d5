"""Reports are asked for once, made by a worker, and survive whoever is killed meanwhile."""

from datetime import timedelta

import pytest

from monitoring import analyses, leases
from monitoring.models import Analysis
from registry import actors, clock
from registry.models import AuditEvent
from registry.problems import Invalid
from tests.monitoring import watching
from tests.monitoring.watching import ACTOR, after, look, watched, week

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    look(after(1))
    (found,) = made.runs(check)
    assert found.state == "ok"
    return found


def work():
    return analyses.work_due(at=clock.now(), seconds=60)


def test_a_report_is_made_once_for_whoever_asks(run):
    first, created = analyses.request_report(ACTOR, run, at=clock.now())
    again, twice = analyses.request_report(ACTOR, run, at=clock.now())
    assert (created, twice, again.pk) == (True, False, first.pk)

    assert (work(), work()) == (1, 0)

    first.refresh_from_db()
    page = analyses.path_of(first).read_text()
    assert (first.fault, first.attempts, first.size) == ("", 1, len(page.encode()))
    assert "income" in page
    assert first.result["left_out"] == {"time": "neither numbers nor categories"}
    assert first.result["made_with"]["evidently"]
    assert AuditEvent.objects.filter(action="analysis.requested").count() == 1


def test_a_batch_that_is_gone_is_said_and_can_be_asked_for_again(run, tmp_path):
    (batch,) = (tmp_path / "credit" / "batches").iterdir()
    content = batch.read_bytes()
    batch.unlink()
    asked, _ = analyses.request_report(ACTOR, run, at=clock.now())
    work()
    asked.refresh_from_db()
    assert asked.fault.endswith("is no longer there; deliver it again")

    batch.write_bytes(content)
    analyses.request_report(ACTOR, run, at=clock.now())
    work()
    asked.refresh_from_db()
    assert (asked.fault, asked.path != "") == ("", True)


def test_a_report_that_was_thrown_away_is_made_anew(run):
    asked, _ = analyses.request_report(ACTOR, run, at=clock.now())
    work()
    asked.refresh_from_db()
    analyses.path_of(asked).unlink()

    analyses.request_report(ACTOR, run, at=clock.now())

    assert work() == 1


def test_a_killed_worker_is_followed_and_what_kills_three_is_given_up(run, monkeypatch):
    asked, _ = analyses.request_report(ACTOR, run, at=clock.now())
    leases.claim_analysis()
    assert work() == 0  # somebody holds it

    job = analyses.Job
    monkeypatch.setattr(analyses, "Job", lambda **given: job(**{**given, "kind": "exit"}))
    for _ in range(3):
        Analysis.objects.update(lease_until=clock.now() - timedelta(seconds=1))
        work()

    asked.refresh_from_db()
    assert "ended by SIGKILL" in asked.fault
    assert asked.attempts == analyses.ATTEMPTS


def test_whoever_lost_the_lease_leaves_nothing_behind(run, monkeypatch):
    asked, _ = analyses.request_report(ACTOR, run, at=clock.now())
    answer = analyses.WORK[Analysis.Kind.REPORT]

    def overtaken(found, *, at):
        Analysis.objects.update(lease_token=99)
        return answer(found, at=at)

    monkeypatch.setitem(analyses.WORK, Analysis.Kind.REPORT, overtaken)
    before = set(analyses.path_of(asked).glob("reports/*"))
    assert work() == 0

    asked.refresh_from_db()
    assert asked.finished_at is None
    assert set(analyses.path_of(asked).glob("reports/*")) == before


def test_a_run_without_a_batch_has_no_report(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    look(after(1, days=3))
    (missed,) = made.runs(check)

    with pytest.raises(Invalid, match="nothing can be compared"):
        analyses.request_report(actors.system("tests"), missed, at=clock.now())
