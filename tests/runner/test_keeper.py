"""The keeper ends what a killed runner leaves, even if somebody killed an earlier keeper."""

import os
import signal
import subprocess
import sys

from script.runner.keeper import Keeper
from script.runner.last_resort import living_groups


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )


def lose_touch(keeper: Keeper) -> None:
    """Do what the death of the runner does: close the line."""
    keeper._process.stdin.close()
    keeper._process.wait(15)


def test_end_of_the_line_ends_all_groups_and_removes_the_folders(tmp_path):
    folder = tmp_path / "passing"
    folder.mkdir()
    kept, keeper = sleeper(), Keeper()
    keeper.remove(folder)
    keeper.hold(kept.pid, signal.SIGTERM)

    lose_touch(keeper)

    assert kept.wait(5) == -signal.SIGTERM
    assert not folder.exists()


def test_new_keeper_learns_what_a_killed_one_knew():
    early, late, keeper = sleeper(), sleeper(), Keeper()
    keeper.hold(early.pid, signal.SIGTERM)
    os.kill(keeper._process.pid, signal.SIGKILL)
    keeper._process.wait()
    keeper.hold(late.pid, signal.SIGTERM)

    lose_touch(keeper)

    assert early.wait(5) == late.wait(5) == -signal.SIGTERM


def test_dismissed_keeper_touches_nothing():
    kept, keeper = sleeper(), Keeper()
    keeper.hold(kept.pid, signal.SIGTERM)

    keeper.dismiss()

    assert kept.pid in living_groups()
    kept.kill()
    kept.wait()
