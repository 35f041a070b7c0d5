"""The kill harness with 300 interruptions: nothing lost, nothing doubled, every repeat its key."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(name, *options, seconds):
    """Run a measurement on servers of its own; return its figures."""
    done = subprocess.run(
        [sys.executable, ROOT / "script/bench", name, *options],
        cwd=ROOT,
        timeout=seconds,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])["figures"], done.stdout


@pytest.mark.timeout(1500)
def test_three_hundred_interruptions_lose_and_double_nothing():
    figures, told = bench(
        "kills", "--hits=300", "--crashes=2", "--faults=10", "--plain=0", seconds=1400
    )

    assert figures["hits"] >= 300
    assert (figures["database_crashes"], figures["broker_faults"]) == (2, 10)
    for name in (
        "windows_lost", "alerts_lost", "doubled", "repeats_without_key", "invariants_broken",
    ):  # fmt: skip
        assert figures[name] == 0, told[-5000:]


@pytest.mark.timeout(1500)
def test_whichever_part_stops_the_outside_alarms_within_three_minutes_and_never_in_health():
    figures, told = bench("deadman", "--minute=6", "--healthy=5", seconds=1400)

    assert figures["alarms"] == figures["parts"] == 7, told[-5000:]
    assert figures["longest_alarm_minutes"] <= 3, told[-5000:]
    assert figures["false_alarms"] == 0, told[-5000:]
