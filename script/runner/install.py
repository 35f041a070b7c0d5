"""Install locked requirements, with a line that moves meanwhile. Standard library only."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from script.runner.locked import pins
from script.runner.part import RunnerError

CHECKOUT = Path(__file__).resolve().parents[2]
# The locks are complete, so nothing is left to resolve. It also spares pip 23 from stumbling over
# evidently's `pandas[parquet]`, which it does not recognize in a lock's plain `pandas==`.
_EXACTLY = ("--require-hashes", "--no-deps")
# How often a waiting person is told how far it is.
TERMINAL_SECONDS = 0.5
LOG_SECONDS = 5.0


def install(python: Path, locks: Sequence[str]) -> None:
    """Install the lock files with uv when there is one, else (or when it fails) with pip."""
    paths = [CHECKOUT / name for name in locks]
    total = len({name.lower() for path in paths for name, *_ in pins(path.read_text())})
    files = [argument for path in paths for argument in ("-r", str(path))]
    since = time.monotonic()
    uv = shutil.which("uv", path=f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv:
        print(f"installing {total} locked packages with {uv}", flush=True)
        command = [uv, "pip", "install", "--quiet", "--python", str(python), *_EXACTLY]
        with _telling(Progress(python, total, "installing")):
            done = subprocess.run([*command, *files], check=False)
        if done.returncode == 0:
            return
        print("uv could not do it; trying pip", flush=True)
    command = [str(python), "-m", "pip", "install", *_EXACTLY, "--progress-bar", "off"]
    _follow([*command, "--disable-pip-version-check", *files], Progress(python, total))
    print(f"installed in {time.monotonic() - since:.0f} s", flush=True)


@dataclass
class Progress:
    """How far an installation is: pip says what it fetches, and is silent while it unpacks."""

    python: Path
    total: int
    doing: str = "fetching"
    fetched: int = 0

    def __post_init__(self) -> None:
        self._before = self._there()
        self._since = time.monotonic()

    def __str__(self) -> str:
        done = self.fetched if self.doing == "fetching" else self._there() - self._before
        seconds = time.monotonic() - self._since
        return f"{self.doing}: {done} of at most {self.total} packages ({seconds:.0f} s)"

    def _there(self) -> int:
        """Count the packages that lie in the environment: each brings a folder of this name."""
        folder = self.python.parent.parent / "lib"
        return sum(1 for _ in folder.glob("python3*/site-packages/*.dist-info"))


def _follow(command: list[str], progress: Progress) -> None:
    """Run pip and show how far it is; show what it said when it fails."""
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        with _telling(progress):
            for count, line in _counted(process.stdout):
                said.append(line)
                progress.fetched = count or progress.fetched
                if line.startswith("Installing collected"):
                    progress.doing = "unpacking"
    if process.returncode:
        raise RunnerError("pip failed:\n" + "".join(said[-25:]))


def _counted(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Number the lines with which pip begins a package; 0 for the others."""
    count = 0
    for line in lines:
        begins = line.startswith(("Collecting ", "Processing "))
        count += begins
        yield (count if begins else 0), line


@contextmanager
def _telling(progress: Progress) -> Iterator[None]:
    """Say every few seconds how far it is, so that nobody wonders whether it hangs."""
    over = threading.Event()
    thread = threading.Thread(target=_tell, args=(progress, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tell(progress: Progress, over: threading.Event) -> None:
    """Renew the line on a terminal; in a log write a new one each time."""
    terminal = sys.stdout.isatty()
    while not over.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS):
        print(f"\r\033[K{progress}" if terminal else progress, end="" if terminal else "\n")
        sys.stdout.flush()
    if terminal:
        print(f"\r\033[K{progress}", flush=True)
