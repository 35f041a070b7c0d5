"""Requests no sane client sends: how many answers are 5xx, break the document, or leak."""

import json
import os
import subprocess
import sys

from script.runner.demo import Demo, say
from script.runner.part import RunnerError
from script.runner.processes import CHECKOUT

_REQUESTS = 20_000
_PROCESSES = 2


def run(demo: Demo) -> dict[str, float]:
    """Fuzz the API on the bench's own PostgreSQL, one process a core (BENCH_REQUESTS in all)."""
    wanted = int(os.environ.get("BENCH_REQUESTS", _REQUESTS))
    say(f"sending {wanted} requests from {_PROCESSES} processes")
    # In-process, as the tests do it: the client, not a socket, is what costs no time then.
    running = [
        subprocess.Popen(
            [
                sys.executable, "-m", "tests.fuzz_part",
                f"--requests={wanted // _PROCESSES}", f"--part={part}", f"--parts={_PROCESSES}",
            ],
            cwd=CHECKOUT,
            env={**os.environ, **demo.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(_PROCESSES)
    ]  # fmt: skip
    figures: dict[str, float] = {}
    for process in running:
        printed, _ = process.communicate()
        if process.returncode:
            raise RunnerError(f"a fuzzing process failed (exit code {process.returncode})")
        for line in (found := json.loads(printed.splitlines()[-1]))["examples"]:
            say(line)
        for name, count in found["figures"].items():
            figures[name] = figures.get(name, 0.0) + count
    return figures
