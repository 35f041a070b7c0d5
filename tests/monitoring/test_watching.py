"""From a landed file to a verdict: scan, plan, judge, on a real database with a real judge."""

from datetime import timedelta

import pytest

from monitoring import runs
from monitoring.models import (
    Alert,
    Batch,
    Check,
    ContractVersion,
    Health,
    Histogram,
    Reading,
    Run,
    Source,
)
from registry import clock
from tests.monitoring import tables, watching
from tests.monitoring.watching import after, look, think, watched, week

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_landed_batch_gets_a_verdict_with_numbers_and_health(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())

    look(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.reason, run.attempts) == ("ok", "", 1)
    assert run.rows == 600
    assert run.batch.digest and run.baseline and run.contract_version.learned_from == run.baseline
    assert run.made_with["evidently"] == "0.7.23"
    assert Reading.objects.filter(run=run, segment="").count() == 6
    assert Histogram.objects.filter(run=run).count() == 6
    assert Health.objects.get(model=made.model).state == "ok"


def test_going_round_again_changes_nothing(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    look(after(1))
    before = list(Run.objects.values_list("pk", "revision", "state"))

    look(after(1, hours=1))

    assert list(Run.objects.values_list("pk", "revision", "state")) == before
    assert Batch.objects.count() == 1
    assert ContractVersion.objects.count() == 1
    assert check.windows.count() == 1


def test_a_window_waits_for_its_batch_until_grace_is_over(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)

    look(after(1, hours=23))
    assert made.states(check) == []

    look(after(1, hours=25))
    (run,) = made.runs(check)
    assert run.state == "missed"
    assert run.reason == "no batch came by 2026-08-11 00:00 UTC"


def test_absence_is_not_concluded_before_a_look(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)

    think(after(1, days=3))

    assert made.states(check) == []


def test_a_late_batch_is_judged_as_a_new_revision(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    look(after(2, days=2))
    assert made.states(check) == ["missed", "missed"]

    made.land(week(0), 0)
    look(after(2, days=3))

    first, second = made.runs(check)
    assert (first.state, first.revision) == ("ok", 2)
    assert (second.state, second.revision) == ("missed", 1)


def test_a_corrected_batch_is_judged_again(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week().drop(columns=["income"]))
    look(after(1))
    assert made.states(check) == ["data_fault"]

    made.land(week())
    look(after(1, hours=1))

    (run,) = made.runs(check)
    assert (run.state, run.revision) == ("ok", 2)


def test_a_folder_that_does_not_exist_is_a_source_fault_with_the_remedy(tmp_path, judge):
    made = watched(tmp_path, source=False)
    check = watching.check(made)

    look(after(1, days=2))

    (run,) = made.runs(check)
    assert run.state == "source_fault"
    folder = "/".join(made.folder.parts[-2:])
    assert run.reason == (
        f"The folder {folder} does not exist; create it or correct the source's address"
    )
    assert Source.objects.get().fault_since is not None
    assert Health.objects.get(model=made.model).state == "unknown"


def test_a_folder_that_comes_back_without_the_file_leaves_it_missed(tmp_path, judge):
    made = watched(tmp_path, source=False)
    check = watching.check(made)
    look(after(1, days=2))

    made.folder.mkdir(parents=True)
    look(after(1, days=3))

    assert made.states(check) == ["missed"]
    assert Source.objects.get().fault == ""


def test_a_corrupt_file_is_a_source_fault(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    path = made.land(week())
    path.write_bytes(path.read_bytes()[:5000])

    look(after(1))

    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert "batches/2026-08-03.parquet is not readable as Parquet" in run.reason


def test_an_empty_batch_is_a_data_fault(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week().iloc[:0])

    look(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.reason) == ("data_fault", "The batch is empty: it has 0 rows")


def test_drift_in_two_of_three_windows_alerts(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    for number in range(4):
        table = week(number)
        if number >= 2:
            table["balance"] += 2500
        made.land(table, number)

    look(after(4))

    assert made.states(check) == ["ok", "ok", "drift", "drift"]
    alert = Alert.objects.get(condition="drift")
    assert alert.since == tables.START + 2 * tables.WEEK


def test_a_file_still_being_written_is_not_seen(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    path = made.land(week(), name=".2026-08-03")

    look(after(1))
    assert made.states(check) == []

    path.rename(path.with_name("2026-08-03T000000Z.parquet"))
    look(after(1, hours=1))
    assert made.states(check) == ["ok"]


def test_a_judge_that_is_down_costs_no_attempt(tmp_path, settings):
    settings.MUSTER_JUDGE_SOCKET = str(tmp_path / "nobody.sock")
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())

    look(after(1))

    (run,) = made.runs(check)
    assert (run.state, run.attempts, run.lease_until) == ("queued", 0, None)


def test_a_child_that_dies_three_times_is_given_up(tmp_path, judge, monkeypatch):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    monkeypatch.setattr("monitoring.baselines.Job", lambda **fields: _dying(fields))

    for turn in range(3):
        look(after(1, hours=turn))

    (run,) = made.runs(check)
    assert run.state == "failed"
    assert run.reason.startswith("the worker died three times: The judge's child was ended by")
    assert run.attempts == 3


def _dying(fields):
    from monitoring.judging.protocol import Job

    return Job(**{**fields, "kind": "exit"})


def test_a_worker_that_never_comes_back_three_times_is_given_up(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    watching.prepare(after(1))
    past = clock.now() - timedelta(seconds=1)
    Run.objects.update(state="running", attempts=3, lease_until=past)

    runs.execute_due(at=after(1), seconds=9)

    (run,) = made.runs(check)
    assert run.reason == "the worker died three times: it never came back"


def test_a_late_writer_is_stopped_by_the_token(tmp_path, judge, monkeypatch):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    take = "monitoring.runs.evidence.judge"
    from monitoring import evidence

    real = evidence.judge

    def taken_over(run, *, at):
        found = real(run, at=at)
        Run.objects.filter(pk=run.pk).update(lease_token=run.lease_token + 1)
        return found

    monkeypatch.setattr(take, taken_over)
    look(after(1))

    (run,) = made.runs(check)
    assert run.state == "running"
    assert not Reading.objects.exists()


def test_later_windows_wait_for_earlier_ones(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week(0), 0)
    made.land(week(1), 1)
    watching.prepare(after(2))
    first, _ = made.runs(check)
    later = clock.now() + timedelta(minutes=5)
    Run.objects.filter(pk=first.pk).update(queued_at=later)

    runs.execute_due(at=after(2), seconds=9)

    assert made.states(check) == ["queued", "queued"]


def test_without_a_reference_a_run_waits_then_says_why_and_is_judged_when_there_is_one(
    tmp_path, judge
):
    made = watched(tmp_path, reference=False)
    check = watching.check(made)
    made.land(week())
    look(after(1))
    (run,) = made.runs(check)
    assert (run.state, run.attempts) == ("queued", 0)
    assert "has not been read yet" in run.summary["waiting_for"]

    Run.objects.update(queued_at=after(1))
    look(after(1, minutes=15))
    (run,) = made.runs(check)
    assert run.state == "not_evaluated"

    watching.store_reference(made)
    look(after(1, minutes=30))
    (run,) = made.runs(check)
    assert (run.state, run.revision) == ("ok", 2)


def test_a_paused_check_is_left_alone(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week())
    Check.objects.update(paused=True)

    look(after(1))

    assert made.states(check) == []


def test_a_changed_limit_is_used_from_then_on(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made)
    made.land(week(0), 0)
    look(after(1))
    watching.check(made, numeric={"method": "psi", "limit": 0.0001})
    made.land(week(1), 1)

    look(after(2))

    first, second = made.runs(check)
    assert (first.state, second.state) == ("ok", "drift")
    assert (first.check_version.number, second.check_version.number) == (1, 2)
