"""The supervisor starts parts, says what is wrong with them, restarts and stops them."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from script.runner.last_resort import living_groups
from script.runner.part import Part, PartFailed
from script.runner.supervisor import Supervisor


def python(name: str, program: str, **more: object) -> Part:
    return Part(name, (sys.executable, "-c", program), **more)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    watcher = Supervisor(logs=tmp_path, say=said.append)
    yield watcher
    watcher.stop()


def watch_until(supervisor: Supervisor, claim: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never happened"
        supervisor.wait(0.1)


def test_killed_part_is_started_again_and_named(supervisor, said):
    supervisor.start(python("clock", "import time; print('up', flush=True); time.sleep(600)",
                            announces="up"))  # fmt: skip
    first = supervisor.running["clock"].process

    os.kill(first.pid, signal.SIGKILL)
    watch_until(supervisor, lambda: "clock is back" in said)

    assert said[0].startswith("clock was killed by SIGKILL (exit code -9); starting it again in")
    assert supervisor.running["clock"].process.pid != first.pid
    assert supervisor.down() == []


def test_part_that_keeps_dying_is_given_longer_pauses(supervisor, said, tmp_path):
    marker = tmp_path / "second-time"
    program = f"""
import pathlib, sys, time
marker = pathlib.Path({str(marker)!r})
if marker.exists(): sys.exit(3)
marker.touch(); print('up', flush=True); time.sleep(0.3); sys.exit(3)
"""
    supervisor.start(python("moody", program, announces="up"))

    watch_until(supervisor, lambda: len(said) >= 3)

    assert [line.partition("again in ")[2].split()[0] for line in said[:3]] == ["0.5", "1", "2"]
    assert all("died (exit code 3)" in line for line in said[:3])
    assert supervisor.down() == ["moody"]


def test_children_of_a_dead_part_do_not_go_on(supervisor):
    program = "import os, time; print(os.fork(), 'up', flush=True); time.sleep(600)"
    supervisor.start(python("family", program, announces="up"))
    group = supervisor.running["family"].process.pid

    os.kill(group, signal.SIGKILL)
    watch_until(supervisor, lambda: supervisor.running["family"].restarts == 1)

    assert group not in living_groups()


def test_missing_program_is_reported(supervisor):
    with pytest.raises(PartFailed, match=r"ghost cannot be started: .*No such file"):
        supervisor.start(Part("ghost", ("/no/such/program",)))


def test_program_without_the_right_to_run_is_reported(supervisor, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o644)

    with pytest.raises(PartFailed, match=r"locked cannot be started: .*Permission denied"):
        supervisor.start(Part("locked", (str(program),)))


def test_part_that_exits_at_once_shows_its_last_words(supervisor):
    with pytest.raises(PartFailed, match=r"(?s)shy died \(exit code 7\).*no configuration here"):
        supervisor.start(
            python("shy", "print('no configuration here'); raise SystemExit(7)", settle_seconds=5)
        )


def test_part_that_never_gets_ready_is_given_up(supervisor):
    part = python("slow", "import time; time.sleep(600)", ready=lambda: False, ready_seconds=0.5)

    with pytest.raises(PartFailed, match="slow was not ready after"):
        supervisor.start(part)


def test_part_that_ignores_the_signal_is_killed(supervisor, said):
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"  # noqa: E501
    supervisor.start(python("deaf", program, announces="up", stop_seconds=0.3))
    process = supervisor.running["deaf"].process

    supervisor.stop()

    assert process.returncode == -signal.SIGKILL
    assert said == ["deaf did not stop in time and is killed"]


def test_parts_stop_from_the_top_down(supervisor, tmp_path):
    order = tmp_path / "order"
    for name, rank in (("database", 0), ("web", 3), ("worker", 3)):
        program = f"""
import signal, sys, time
def stop(*_):
    open({str(order)!r}, 'a').write({name!r} + ' ')
    sys.exit()
signal.signal(15, stop)
print('up', flush=True)
time.sleep(600)
"""
        supervisor.start(python(name, program, announces="up", order=rank))

    supervisor.stop()

    assert order.read_text().split()[-1] == "database"
    assert len(order.read_text().split()) == 3
