"""The last resort: when the runner is killed without a chance to clean up, this ends its parts.

PR_SET_PDEATHSIG reaches only direct children; a part's own children (pool workers, forked judges)
are found by their process group. Reads lines from the runner: `+ group signal`, `- group`,
`rm folder`. The end of input means that the runner is gone. `bye` means it left in order.
Run as a script, without site-packages, so that it costs little.
"""

import os
import shutil
import signal
import sys
import time

PATIENCE_SECONDS = 8.0


def living_groups() -> set[int]:
    """Return the process groups that have a member which is more than a zombie.

    Not `killpg(group, 0)`: it succeeds for zombies, and init may be slow to collect them.
    """
    living = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, _, group = file.read().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            living.add(int(group))
    return living


def send(group: int, number: int) -> None:
    """Signal the group; it may have gone meanwhile."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def end(groups: dict[int, int]) -> None:
    """Ask every group to stop, newest first, then end what did not listen."""
    for group, number in reversed(groups.items()):
        send(group, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while groups.keys() & living_groups() and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        send(group, signal.SIGKILL)


def main() -> None:
    """Follow the runner's words until it is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        if verb == "+":
            group, _, number_text = rest.partition(" ")
            groups[int(group)] = int(number_text)
        elif verb == "-":
            groups.pop(int(rest), None)
        elif verb == "rm":
            folders.append(rest)
        elif verb == "bye":
            return
    end(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
