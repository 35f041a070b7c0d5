"""Tell whether this Python's environment holds every package a lock file pins.

Run inside the environment in question: `python -m script.runner.locked FILE...`; exit code 1 names
what is missing. A new environment has no `packaging` but the copy inside pip.
"""

import re
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[.*?\])?==(?P<version>[^\s;\\]+)(?P<rest>[^\\]*)")


def pins(lock: str) -> list[tuple[str, str, str]]:
    """Return (name, version, marker) of each line that pins a package."""
    found = []
    for line in lock.splitlines():
        match = _PIN.match(line)
        if match:
            marker = match["rest"].partition(";")[2].strip()
            found.append((match["name"], match["version"], marker))
    return found


def applies(marker: str) -> bool:
    """Evaluate an environment marker for this Python."""
    try:
        markers = import_module("packaging.markers")
    except ImportError:
        markers = import_module("pip._vendor.packaging.markers")
    return not marker or bool(markers.Marker(marker).evaluate())


def missing(lock: str) -> list[str]:
    """Return the pins that this environment does not satisfy."""
    lacking = []
    for name, wanted, marker in pins(lock):
        if not applies(marker):
            continue
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = ""
        if installed != wanted:
            lacking.append(f"{name}=={wanted} (here: {installed or 'nothing'})")
    return lacking


def main() -> None:
    """Check all files given."""
    lacking = [line for path in sys.argv[1:] for line in missing(Path(path).read_text())]
    if lacking:
        sys.exit("\n".join(lacking))


if __name__ == "__main__":
    main()
