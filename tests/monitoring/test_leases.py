"""Short leases: a heartbeat keeps them while the worker lives, and nobody waits for a dead one."""

import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from monitoring import leases, runs
from monitoring.models import Run
from registry import clock
from tests.monitoring.shifted import shifted
from tests.monitoring.test_chaos import ROOT, slow_model

pytestmark = pytest.mark.django_db(transaction=True)
# What the issue asks: a killed worker's run is taken up again within so many seconds.
SOON = timedelta(seconds=40)
JUDGE_LONG_AND_DIE = """
import os, signal, time
import django; django.setup()
from monitoring import evidence, leases, runs
from registry import clock
def judge(run, *, at):
    time.sleep(2)
    os.kill(os.getpid(), signal.SIGKILL)
leases.BEAT_SECONDS = 0.2
evidence.judge = judge
runs.execute_due(at=clock.now(), seconds=20)
"""


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.05)


def claimed():
    slow_model()
    lease = leases.claim_run()
    assert lease
    return lease


def seen(condition):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def left():
    """Return how long the only run's lease goes on."""
    return Run.objects.get().lease_until - clock.now()


def test_a_long_run_keeps_its_lease(fast):
    lease = claimed()
    Run.objects.update(lease_until=clock.now() + timedelta(seconds=5))

    with leases.kept(Run, [lease]):
        assert seen(lambda: left() > timedelta(seconds=25))

    Run.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    time.sleep(0.3)
    assert left() < timedelta(0)  # the heart beats no longer than the work lasts


def test_a_worker_that_hangs_loses_its_lease(fast):
    lease = claimed()
    Run.objects.update(lease_until=clock.now() + timedelta(seconds=1))

    with leases.kept(Run, [lease], longest=0.0):
        time.sleep(0.3)

    assert left() < timedelta(seconds=2)


def test_a_lease_that_was_given_back_or_taken_over_is_left_alone(fast):
    lease = claimed()
    ends = clock.now() + timedelta(seconds=1)

    for change in ({"lease_until": None}, {"lease_until": ends, "lease_token": lease.token + 1}):
        Run.objects.update(**change)
        with leases.kept(Run, [lease]):
            time.sleep(0.3)
        assert Run.objects.get().lease_until == change["lease_until"]


def test_a_run_whose_lease_was_lost_gives_up(monkeypatch):
    slow_model()
    real = runs.evidence.judge

    def overtaken(run, *, at):
        with shifted(SOON):
            assert leases.claim_run()
        return real(run, at=at)

    monkeypatch.setattr(runs.evidence, "judge", overtaken)

    assert runs.execute_due(at=clock.now(), seconds=1) == 0
    run = Run.objects.get()
    assert (run.state, run.attempts, run.readings.count()) == ("running", 2, 0)


def test_a_killed_workers_run_goes_on_within_forty_seconds(process_environment):
    slow_model()

    died = subprocess.run(
        [sys.executable, "-c", JUDGE_LONG_AND_DIE],
        cwd=ROOT,
        env=process_environment,
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert leases.claim_run() is None  # it was alive a moment ago
    with shifted(SOON):
        runs.execute_due(at=clock.now(), seconds=20)

    run = Run.objects.get()
    assert (run.state, run.attempts) == ("breach", 2)
