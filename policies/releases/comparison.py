"""Put two versions' metrics side by side and say which is better. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.releases.documents import mapping, number

# Parts of a metric's name that say that less is better; all others are better when higher.
_LESS_IS_BETTER = re.compile(
    r"(^|_)(rmse|mse|mae|mape|smape|loss|error|err|brier|latency|ms|seconds|gap|bias)(_|$)"
)
_SAME = 1e-12


@dataclass(frozen=True)
class Compared:
    """One metric of both versions; `better` is champion, challenger, same, or empty."""

    metric: str
    champion: float | None
    challenger: float | None
    better: str

    @property
    def change(self) -> float | None:
        """Return how far the challenger is from the champion, as a share of the latter."""
        if self.champion is None or self.challenger is None or not self.champion:
            return None
        return (self.challenger - self.champion) / abs(self.champion)


def compare(champion: Mapping[str, Any], challenger: Mapping[str, Any]) -> list[Compared]:
    """Return every metric that either version logged, by name."""
    found = []
    for name in sorted(champion.keys() | challenger.keys()):
        ours, theirs = _value(champion.get(name)), _value(challenger.get(name))
        found.append(Compared(name, ours, theirs, _better(name, ours, theirs)))
    return found


def _value(stored: Any) -> float | None:
    return number(mapping(stored).get("value")) if isinstance(stored, dict) else number(stored)


def _better(name: str, champion: float | None, challenger: float | None) -> str:
    if champion is None or challenger is None:
        return ""
    if abs(champion - challenger) <= _SAME * max(abs(champion), abs(challenger), 1.0):
        return "same"
    higher = challenger > champion
    less = bool(_LESS_IS_BETTER.search(name.lower()))
    return "challenger" if higher != less else "champion"
