"""An address in the environment replaces an embedded part; the code path stays the same."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from registry import checkpoints
from script.runner.addresses import addresses
from script.runner.fleet import public_half
from script.runner.state import State
from script.runner.surroundings import environment, keep


@pytest.fixture
def state(tmp_path: Path) -> State:
    found = State(tmp_path, say=[].append, database_home=tmp_path)
    found.open()
    return found


def test_nothing_given_means_everything_embedded(state):
    at = addresses(state, port=None, given={})

    parts = [at.database, at.owner, at.redis, at.mlflow, at.email, at.web, at.trainer]
    assert {urlsplit(part).hostname for part in parts} == {"127.0.0.1"}
    assert len({urlsplit(part).port for part in parts}) == 6  # both roles share PostgreSQL's


@pytest.mark.parametrize(
    ("variable", "part", "address"),
    [
        ("REDIS_URL", "redis", "rediss://:x@redis.example.org:6380/2"),
        ("MLFLOW_TRACKING_URI", "mlflow", "https://mlflow.example.org"),
        ("EMAIL_URL", "email", "smtp+tls://u:p@mail.example.org:587"),
        ("DATABASE_URL", "database", "postgres://muster:x@db.example.org/muster"),
    ],
)
def test_given_address_replaces_one_part_alone(state, variable, part, address):
    embedded = addresses(state, port=None, given={})

    mixed = addresses(state, port=None, given={variable: address})

    changed = {name for name in vars(mixed) if getattr(mixed, name) != getattr(embedded, name)}
    assert getattr(mixed, part) == address
    assert changed == ({"database", "owner"} if part == "database" else {part})


def test_running_processes_do_not_know_the_owner_of_the_tables(state):
    at = addresses(state, port=None, given={})

    told = environment(state, at)

    assert told["DATABASE_OWNER_URL"] == ""
    assert at.owner not in told.values()


def test_a_shell_reads_what_the_processes_are_told(state):
    told = environment(state, addresses(state, port=None, given={})) | {"MUSTER_FIRM": "a b'c$d"}

    path = keep(state, told)

    read = 'set -a; . "$0"; exec "$1" -c "import json,os; print(json.dumps(dict(os.environ)))"'
    command = ["sh", "-c", read, str(path), sys.executable]
    seen = json.loads(subprocess.run(command, capture_output=True, check=True, env={}).stdout)
    assert {name: seen.get(name) for name in told} | {"PATH": ""} == told | {"PATH": ""}
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_printed_key_proves_what_the_demo_signs(state, settings):
    settings.MUSTER_CHECKPOINT_KEY = state.checkpoint_key()

    assert public_half(state.checkpoint_key()) == checkpoints.public_text()
