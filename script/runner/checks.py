"""The steps of `script/check`: all are run, each gets one line, one failure fails the whole."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Step:
    """One command that must succeed."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How a step went, and the last line it wrote."""

    step: Step
    passed: bool
    seconds: float
    closing_line: str


def steps(pytest_arguments: list[str]) -> list[Step]:
    """List what a change has to pass; the tests come last because they take longest."""
    python = sys.executable
    manage = (python, "-W", "ignore", "manage.py")
    return [
        Step("format", ("ruff", "format", "--check", "--quiet", ".")),
        Step("lint", ("ruff", "check", "--quiet", ".")),
        Step("types", (python, "-m", "mypy", ".")),
        Step("import contracts", ("lint-imports",)),
        Step("settings", (*manage, "check", "--fail-level", "WARNING")),
        Step("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        *template_steps(),
        Step("tests", (python, "-m", "pytest", "-n", "2", "--dist=worksteal", *pytest_arguments)),
    ]


def template_steps() -> list[Step]:
    """Lint Django templates; there is nothing to do while there are none."""
    places = [CHECKOUT / "templates", *CHECKOUT.glob("*/templates")]
    templates = sorted(str(path) for place in places for path in place.rglob("*.html"))
    return [Step("templates", ("djade", "--check", *templates))] if templates else []


def environment() -> dict[str, str]:
    """Give the steps that only read the code harmless settings; nothing is listening there."""
    fallback = {
        "SECRET_KEY": "checks-read-code-and-sign-nothing-" + "x" * 32,
        "MUSTER_FERNET_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "MUSTER_CHECKPOINT_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "MUSTER_PUBLIC_URL": "https://muster.example.org",
        "MUSTER_SOURCE_ROOTS": "/nowhere",
    }
    return {**fallback, **os.environ, "PYTHONUNBUFFERED": "1"}


def run(step: Step) -> Outcome:
    """Run a step, passing on what it writes as it comes."""
    print(f"\n== {step.name}", flush=True)
    began_at = time.monotonic()
    closing_line = ""
    # Tests get the bare environment: their plugin sets everything, and must be seen to.
    given = dict(os.environ) if step.name == "tests" else environment()
    with subprocess.Popen(
        step.command,
        cwd=CHECKOUT,
        env=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            closing_line = line.strip() or closing_line
    return Outcome(step, process.returncode == 0, time.monotonic() - began_at, closing_line)


def main(pytest_arguments: list[str]) -> int:
    """Run all steps and report; return the exit code."""
    outcomes = [run(step) for step in steps(pytest_arguments)]
    print("\n== summary")
    for outcome in outcomes:
        verdict = "ok    " if outcome.passed else "FAILED"
        print(f"{verdict} {outcome.step.name:<17} {outcome.seconds:6.1f} s")
    print(outcomes[-1].closing_line, flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1
