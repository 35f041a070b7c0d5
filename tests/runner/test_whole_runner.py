"""A runner that is killed leaves nothing behind; its next start finds the data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
import redis

from script.runner.binaries import public_place

CHECKOUT = Path(__file__).resolve().parents[2]
# A user like any other, but able to read a Python that lies in root's private home.
AS_NOBODY = (
    "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip


@dataclass
class StandIn:
    """A started stand-in and what it said."""

    process: subprocess.Popen[str]
    postgres: str
    redis: str
    uid: int

    def family(self) -> set[int]:
        """All living processes that descend from the stand-in."""
        return descendants(self.process.pid)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(30)


def parents() -> dict[int, int]:
    """Map every living process to its parent."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            found[int(path.parent.name)] = int(parent)
    return found


def descendants(root: int) -> set[int]:
    tree = parents()
    family = {root}
    while True:
        more = {pid for pid, parent in tree.items() if parent in family} - family
        if not more:
            return family - {root}
        family |= more


def wait_until_gone(pids: set[int], *, seconds: float = 12) -> set[int]:
    """Return those of the processes that are still there after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and pids & parents().keys():
        time.sleep(0.1)
    return pids & parents().keys()


def start(folder: Path, *prefix: str) -> StandIn:
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.runner.stand_in", str(folder)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line, f"the stand-in ended with {process.wait(30)}"
    return StandIn(process, **json.loads(line))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "checkout"
    place.mkdir()
    yield place
    if os.getuid() == 0:
        shutil.rmtree(public_place(place))


def write(stand_in: StandIn) -> None:
    with psycopg2.connect(stand_in.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    redis.Redis.from_url(stand_in.redis).rpush("kept", *range(100))
    time.sleep(1.2)  # Valkey writes its log once a second


def read(stand_in: StandIn) -> tuple[int, int]:
    with psycopg2.connect(stand_in.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        rows = cursor.fetchone()[0]
    return rows, redis.Redis.from_url(stand_in.redis).llen("kept")


def test_killed_runner_leaves_no_process_and_loses_no_data(folder):
    first = start(folder)
    write(first)
    family = first.family()
    first.end(signal.SIGKILL)
    left = wait_until_gone(family)

    second = start(folder)
    kept = read(second)
    second.end(signal.SIGTERM)

    assert len(family) > 5  # PostgreSQL's, Valkey, the family of two, the keeper
    assert left == set()
    assert kept == (1000, 100)
    assert (second.postgres, second.redis) == (first.postgres, first.redis)


def test_database_of_a_removed_folder_is_put_aside(folder):
    first = start(folder)
    write(first)
    first.end(signal.SIGTERM)
    shutil.rmtree(folder / ".demo")

    second = start(folder)
    with psycopg2.connect(second.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kept')")
        found = cursor.fetchone()
    second.end(signal.SIGTERM)

    assert found == (None,)


def test_asked_to_stop_it_ends_everything_in_order(folder):
    runner = start(folder)
    family = runner.family()

    runner.end(signal.SIGTERM)

    assert runner.process.returncode == 0
    assert wait_until_gone(family, seconds=2) == set()


def test_second_runner_in_the_same_checkout_is_refused(folder, monkeypatch):
    runner = start(folder)
    other = subprocess.run(
        [sys.executable, "-m", "tests.runner.stand_in", str(folder)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    runner.end(signal.SIGTERM)

    assert other.returncode != 0
    assert "already running" in other.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="the other tests run as a normal user already")
def test_normal_user_needs_no_other_identity(folder):
    shutil.chown(folder, "nobody", "nogroup")

    runner = start(folder, *AS_NOBODY)
    write(runner)
    kept = read(runner)
    family = runner.family()
    runner.end(signal.SIGKILL)

    assert runner.uid != 0
    assert kept == (1000, 100)
    assert (folder / ".demo/postgres/PG_VERSION").exists()
    assert wait_until_gone(family) == set()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to hand PostgreSQL to another user")
def test_root_opens_no_private_folder_to_postgresql(folder):
    runner = start(folder)
    private = [folder / ".demo", folder / ".demo/state.json", public_place(folder) / "postgres"]
    modes = [oct(path.stat().st_mode & 0o777) for path in private]
    runner.end(signal.SIGTERM)

    assert modes == ["0o700", "0o600", "0o700"]
