"""Install locked requirements, with a line that moves meanwhile. Standard library only."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from script.runner.locked import pins
from script.runner.part import RunnerError

CHECKOUT = Path(__file__).resolve().parents[2]
# The locks are complete, so nothing is left to resolve. It also spares pip 23 from stumbling over
# evidently's `pandas[parquet]`, which it does not recognize in a lock's plain `pandas==`.
_EXACTLY = ("--require-hashes", "--no-deps")


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
        if subprocess.run([*command, *files], check=False).returncode == 0:
            return
        print("uv could not do it; trying pip", flush=True)
    command = [str(python), "-m", "pip", "install", *_EXACTLY, "--progress-bar", "off"]
    _follow([*command, "--disable-pip-version-check", *files], total)
    print(f"installed in {time.monotonic() - since:.0f} s", flush=True)


def _follow(command: list[str], total: int) -> None:
    """Run pip and show how far it is; show what it said when it fails."""
    said: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for count, line in _counted(process.stdout):
            said.append(line)
            if line.startswith("Installing collected"):
                _show(f"unpacking {total} packages (this takes a minute or two)", end="\n")
            elif count:
                _show(f"fetching locked packages: {count} of at most {total}")
    if process.returncode:
        raise RunnerError("pip failed:\n" + "".join(said[-25:]))


def _counted(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Number the lines with which pip begins a package; 0 for the others."""
    count = 0
    for line in lines:
        begins = line.startswith(("Collecting ", "Processing "))
        count += begins
        yield (count if begins else 0), line


def _show(text: str, *, end: str = "") -> None:
    """Renew the line on a terminal; in a log write only every 25th."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end=end, flush=True)
    elif end or text.split(" of ")[0].endswith(("25", "50", "75", "00")):
        print(text, flush=True)
