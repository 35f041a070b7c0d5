"""The judge as a process: it answers, outlives what kills its children, and never hangs."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from monitoring.judging.client import JudgeDied, JudgeUnavailable, judge
from monitoring.judging.protocol import Job, dump_job, load_job
from tests.monitoring import tables

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("judge") / "judge.sock"
    command = [sys.executable, "-m", "monitoring.judging", "--socket", str(path)]
    process = subprocess.Popen([*command, "--cores", "2", "--seconds", "3"], cwd=ROOT)
    deadline = time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the judge did not start"
        time.sleep(0.1)
    yield path
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert not path.exists()


@pytest.fixture(scope="module")
def learned(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    tables.write(tables.reference(), folder / "reference.parquet")
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return folder, judge(job, socket=str(server)).contract


def test_a_job_survives_the_wire():
    job = Job(kind="data", window_start=tables.START, window_end=tables.START, labels=("a", "b"))

    assert load_job(dump_job(job)) == job


def test_a_batch_is_judged_over_the_socket(server, learned):
    folder, contract = learned

    result = judge(tables.data_job(folder, tables.batch(), contract), socket=str(server))

    assert (result.state, result.rows) == ("ok", 1000)
    assert result.made_with["evidently"] == "0.7.23"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("exit", "SIGKILL"),
        ("eat", "out of memory"),
        ("hang", "needed more than 3 seconds"),
        ("nonsense", "ended with code 1"),
    ],
)
def test_a_dead_child_is_told_and_the_judge_goes_on(server, learned, kind, words):
    folder, contract = learned

    with pytest.raises(JudgeDied, match=words):
        judge(Job(kind=kind), socket=str(server))

    job = tables.data_job(folder, tables.batch(), contract)
    assert judge(job, socket=str(server)).state == "ok"


def test_a_silent_caller_holds_nobody_up(server, learned):
    folder, contract = learned
    silent = socket.socket(socket.AF_UNIX)
    silent.connect(str(server))

    job = tables.data_job(folder, tables.batch(), contract)
    assert judge(job, socket=str(server)).state == "ok"

    silent.close()


def test_more_jobs_than_cores_wait_in_line(server, learned):
    folder, contract = learned
    job = tables.data_job(folder, tables.batch(), contract)
    states = []
    callers = [
        threading.Thread(target=lambda: states.append(judge(job, socket=str(server)).state))
        for _ in range(8)
    ]

    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert states == ["ok"] * 8


def test_no_judge_is_said_as_such(tmp_path):
    with pytest.raises(JudgeUnavailable):
        judge(Job(kind="exit"), socket=str(tmp_path / "nobody.sock"))


def test_the_judge_knows_no_django():
    code = "import monitoring.judging.server, sys; print('django' in sys.modules)"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "False"
