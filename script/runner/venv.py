"""Make the virtual environment with the locked requirements, and continue in it.

Runs before anything is installed: standard library only.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from script.runner.install import install
from script.runner.part import RunnerError

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICE = ("requirements.txt", "examples/fleet/requirements.txt")
DEVELOPMENT = (*SERVICE, "requirements-dev.txt")
_STAMP = "muster-locks.json"


def enter(locks: Sequence[str]) -> None:
    """Return inside a Python that has the locked requirements; ends with a message otherwise."""
    try:
        _enter(locks)
    except (RunnerError, OSError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _enter(locks: Sequence[str]) -> None:
    if sys.platform == "win32":
        raise RunnerError("Muster needs Linux or macOS (on Windows: WSL2).")
    folder = Path(os.environ.get("MUSTER_VENV") or CHECKOUT / ".venv").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "muster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once would install over each other
        python = prepare(folder, locks)
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if Path(sys.prefix).resolve() != folder.resolve():
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606


def prepare(folder: Path, locks: Sequence[str]) -> Path:
    """Make the environment hold these lock files unless it does; return its Python.

    The stamp lists the digests of all lock files the environment was seen to satisfy, so that
    worktrees with different ones can share it.
    """
    python = folder / "bin/python"
    digests = [hashlib.sha256((CHECKOUT / name).read_bytes()).hexdigest() for name in locks]
    known = _read_stamp(folder)
    if python.exists() and set(digests) <= set(known):
        return python
    if not python.exists():
        _make(folder)
    if not _holds(python, locks):
        known = []  # what satisfied another lock file may be replaced now
        install(python, locks)
    _write_stamp(folder, [*known, *digests])
    return python


def _read_stamp(folder: Path) -> list[str]:
    try:
        digests = json.loads((folder / _STAMP).read_text())
    except (OSError, ValueError):
        return []
    return [str(digest) for digest in digests]


def _write_stamp(folder: Path, digests: list[str]) -> None:
    aside = folder / f".{_STAMP}.{os.getpid()}"
    aside.write_text(json.dumps(sorted(set(digests)), indent=1))
    aside.replace(folder / _STAMP)


def _make(folder: Path) -> None:
    """Create the environment with Python 3.11, which the locks are made for."""
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if base is None:
        raise RunnerError(
            f"Muster needs Python 3.11 (this is {sys.version.split()[0]}) and found no python3.11"
        )
    print(f"making {folder}", flush=True)
    done = subprocess.run(
        [base, "-m", "venv", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RunnerError(
            f"python -m venv failed:\n{done.stdout}{done.stderr}"
            "On Debian and Ubuntu: apt-get install python3-venv"
        )


def _holds(python: Path, locks: Sequence[str]) -> bool:
    """Tell whether the environment already holds everything, whoever installed it."""
    check = [str(python), "-m", "script.runner.locked", *(str(CHECKOUT / name) for name in locks)]
    done = subprocess.run(check, cwd=CHECKOUT, capture_output=True, check=False)
    return done.returncode == 0
