"""What a family of processes costs: memory shared out fairly (PSS) and CPU time."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(group: int) -> list[int]:
    """Return the living processes of a group, the leader first."""
    members = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _stat(path)
        if len(fields) > 2 and int(fields[2]) == group and fields[0] not in "ZX":
            members.append(int(path.parent.name))
    return sorted(members, key=lambda pid: (pid != group, pid))


def pss_mb(pids: Iterable[int]) -> float:
    """Return the memory these processes really use together: shared pages count once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def cpu_seconds(group: int) -> float:
    """Return the CPU time of a group, that of its ended and collected children included."""
    ticks = 0
    for pid in family(group):
        fields = _stat(Path(f"/proc/{pid}/stat"))
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / _TICKS


def _stat(path: Path) -> list[str]:
    """Return the fields behind the name, which may hold blanks and parentheses itself."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return []
