"""What owners are told, beside a message on every breach, and what of the real issues they hear."""

import json
import os
import subprocess
import sys

from monitoring.judging.__main__ import SINGLE

# No server is needed: the service's own judgement and stages decide over lists.
NO_SERVERS = True


def run() -> dict[str, float]:
    """Count over 20,000 simulated series (`BENCH_SERIES`), then over the reference fleet."""
    figures = _of("bench.noising.simulated")
    fleet = _of("bench.noising.fleet") if not os.environ.get("BENCH_ONLY_SIMULATED") else {}
    return figures | {f"fleet_{name}": value for name, value in fleet.items()}


def _of(module: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", module],
        check=True,
        env={**os.environ, **SINGLE},
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
