"""The newest MLflow 2, in an environment of its own that is made once and kept in the cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.runner.part import Part
from script.runner.ready import answers
from tests.starting import tell

VERSION = "2.22.5"
_MARK = "complete"


def python() -> Path:
    """Return the interpreter that has MLflow 2; made on first use, which takes some minutes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "muster" / f"mlflow-{VERSION}"
    found = folder / "bin" / "python"
    if not (folder / _MARK).exists():
        tell(f"making an environment with mlflow {VERSION} in {folder}")
        # It does not work with SQLAlchemy 2.1, which its own metadata would let in.
        wanted = (f"mlflow=={VERSION}", "sqlalchemy<2.1")
        install = (str(found), "-m", "pip", "install", "--quiet", *wanted)
        for command in ((sys.executable, "-m", "venv", "--clear", str(folder)), install):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                _give_up(done.stderr.strip()[-500:])
        (folder / _MARK).touch()
    return found


def _give_up(why: str) -> None:
    text = f"mlflow {VERSION} cannot be installed, so the contract with it is not tested: {why}"
    if os.environ.get("MUSTER_REQUIRE_MLFLOW2"):
        pytest.fail(text)
    tell(text)
    pytest.skip(text)


def part(port: int, folder: Path) -> Part:
    """MLflow 2's tracking server on SQLite."""
    return Part(
        name="mlflow-2",
        command=(
            str(python()), "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}",
            "--workers=1", f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}",
            f"--artifacts-destination={folder / 'artifacts'}",
        ),
        environment={
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_TRACKING_URI": "",
            "PATH": f"{python().parent}:{os.environ['PATH']}",
        },
        folder=folder,
        ready=answers(f"http://127.0.0.1:{port}/health"),
        ready_seconds=300,
        order=1,
    )  # fmt: skip
