"""Judge group outcomes by the impact ratio against a limit that was set before the run. Pure.

The ratio and its significance are both told: a ratio can pass while the difference is certain,
and a small group can miss the limit by chance.
"""

import math
from dataclasses import dataclass
from typing import Any

from policies.releases.documents import mapping, moment, number
from policies.releases.seen import GateFacts, unread
from policies.results import Finding, failed, not_applicable, satisfied, unknown

# Smaller groups are named but not compared: one person more or less would decide.
MIN_GROUP = 30
MIN_SHARE = 0.02
_MEND = (
    'mlflow.log_dict({"<attribute>": [{"group": "...", "n": 900, "selected": 300, "rate": 0.333},'
    ' ...]}, "muster/groups.json")'
)
_LIMIT_MEND = (
    'mlflow.set_tags({"muster.fairness_limit": "0.8", "muster.limits_set_at": "<before the run>"})'
)


@dataclass(frozen=True)
class Group:
    """How many of a group there were, and how many got the favorable answer."""

    name: str
    n: int
    selected: int

    @property
    def rate(self) -> float:
        return self.selected / self.n


@dataclass(frozen=True)
class Ratio:
    """The worst-off group of an attribute compared with the best-off one."""

    attribute: str
    worst: Group
    best: Group
    left_out: tuple[str, ...]

    @property
    def value(self) -> float:
        return self.worst.rate / self.best.rate if self.best.rate else 1.0

    def sentence(self) -> str:
        small = f", {', '.join(self.left_out)} too few to compare" if self.left_out else ""
        return (
            f"{self.attribute}: {self.worst.name} {self.worst.rate:.1%} against"
            f" {self.best.name} {self.best.rate:.1%}, ratio {self.value:.3f},"
            f" p = {p_value(self.worst, self.best):.3g}{small}"
        )


def fairness(facts: GateFacts) -> Finding:
    """Ask for group outcomes inside the limit, for every attribute that was logged."""
    document = facts.version.documents.get("muster/groups.json")
    if facts.judges_people is False and not document:
        return not_applicable("By the answers in its record, the model judges no people.")
    if not document:
        return unread(facts.version) or unknown(
            "The run logged no group outcomes (muster/groups.json).", _MEND
        )
    limit = number(facts.version.tags.get("muster.fairness_limit"))
    if limit is None:
        return unknown(
            "No limit for the impact ratio was set (muster.fairness_limit).", _LIMIT_MEND
        )
    set_at = moment(facts.version.tags.get("muster.limits_set_at"))
    if set_at is None or set_at > facts.version.created_at:
        when = "carries no date" if set_at is None else f"was set on {set_at:%Y-%m-%d}"
        return failed(
            f"The fairness limit of {limit:g} {when}; it counts only when it was set before the"
            f" run of {facts.version.created_at:%Y-%m-%d}.",
            _LIMIT_MEND,
        )
    return _judge(mapping(document), limit)


def _judge(document: dict[str, Any], limit: float) -> Finding:
    ratios, unreadable = [], []
    for attribute in sorted(document):
        groups = read_groups(document[attribute])
        ratio = None if groups is None else compare(attribute, groups)
        if ratio is None:
            unreadable.append(attribute)
        else:
            ratios.append(ratio)
    seen = {ratio.attribute: round(ratio.value, 4) for ratio in ratios}
    bad = [ratio for ratio in ratios if ratio.value < limit]
    if bad:
        text = "; ".join(ratio.sentence() for ratio in bad)
        mend = "Find the cause (data, features, threshold) and train again; a person decides."
        return failed(f"Below the impact ratio of {limit:g}: {text}.", mend, ratios=seen)
    if unreadable or not ratios:
        names = ", ".join(unreadable) or "no attribute"
        return unknown(
            f"Too few people, or counts that cannot be read, for: {names}.", _MEND, ratios=seen
        )
    text = "; ".join(ratio.sentence() for ratio in ratios)
    return satisfied(f"Impact ratios are at least {limit:g}: {text}.", ratios=seen)


def read_groups(rows: Any) -> list[Group] | None:
    """Return the counts of an attribute, or None when any of them makes no sense."""
    if not isinstance(rows, list):
        return None
    found = []
    for row in rows:
        n, selected = number(mapping(row).get("n")), number(mapping(row).get("selected"))
        if n is None or selected is None or not 0 <= selected <= n or n != int(n):
            return None
        found.append(Group(str(mapping(row).get("group", "")), int(n), int(selected)))
    return found


def compare(attribute: str, groups: list[Group]) -> Ratio | None:
    """Return the worst ratio of an attribute, or None when fewer than two groups are big enough."""
    total = sum(group.n for group in groups)
    least = max(MIN_GROUP, MIN_SHARE * total)
    big = [group for group in groups if group.n >= least]
    if len(big) < 2:
        return None
    small = tuple(sorted(group.name for group in groups if group.n < least))
    worst = min(big, key=lambda group: (group.rate, group.name))
    best = max(big, key=lambda group: (group.rate, group.name))
    return Ratio(attribute, worst, best, small)


def p_value(one: Group, other: Group) -> float:
    """Return how likely such a difference is by chance (two-proportion test, pooled)."""
    pooled = (one.selected + other.selected) / (one.n + other.n)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one.n + 1 / other.n))
    if not spread:
        return 1.0
    return math.erfc(abs(one.rate - other.rate) / spread / math.sqrt(2))
