"""Which groups' counts may not be shown: those so small that they would tell of single people."""

from collections import defaultdict
from collections.abc import Mapping

BETWEEN = " x "  # attributes of an intersection, and its groups


def hidden(sizes: Mapping[str, int], *, min_cell: int) -> frozenset[str]:
    """Return the groups of one attribute whose counts stay hidden.

    One small group alone could be had by subtraction from a total, so the next smaller one goes
    with it: over all groups, and among those that share a part of an intersection.
    """
    found = {group for group, n in sizes.items() if n < min_cell}
    while True:
        lonely = [
            line for line in _lines(sizes) if len(line) > 1 and len(found.intersection(line)) == 1
        ]
        if not lonely:
            return frozenset(found)
        rest = [group for group in lonely[0] if group not in found]
        found.add(min(rest, key=lambda group: (sizes[group], group)))


def _lines(sizes: Mapping[str, int]) -> list[list[str]]:
    """Return the sets of groups that add up to something that is shown."""
    lines: dict[tuple[int, str], list[str]] = defaultdict(list)
    for group in sizes:
        parts = group.split(BETWEEN)
        for place, part in enumerate(parts if len(parts) > 1 else []):
            lines[place, part].append(group)
    return [list(sizes), *lines.values()]
