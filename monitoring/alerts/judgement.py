"""Decide which alerts open and which resolve, from the verdicts on a check's windows.

Pure: frozen facts in, decisions out; no Django tables, no clock. Each condition of a check and
segment is judged by itself, so that drift in Europe one week and in Asia the next is not
"two of three".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from monitoring.alerts.condition_words import WORDS

CROSSINGS = frozenset({"drift", "breach"})
FAULTS = frozenset({"data_fault", "source_fault", "not_evaluated", "missed", "failed"})
ALL_ROWS = ""  # the segment that is the whole batch


@dataclass(frozen=True)
class When:
    """Open after `bad` bad windows of the last `of`; resolve after `good` good ones."""

    bad: int = 2
    of: int = 3
    good: int = 2


# A fault is no statistic: one window that could not be judged is news, one that could ends it.
FAULT_WHEN = When(bad=1, of=1, good=1)


@dataclass(frozen=True)
class Look:
    """The current verdict on one window; `crossed` holds the segments with a crossed limit.

    `explained`: another alert already tells why this window could not be judged. `expected`
    holds the segments of which every crossing is expected: neither good news nor bad.
    """

    run_id: int
    start: datetime
    state: str
    crossed: frozenset[str] = frozenset()
    explained: bool = False
    expected: frozenset[str] = frozenset()


@dataclass(frozen=True, order=True)
class Condition:
    """What can be wrong: the state's name and the segment it holds for."""

    name: str
    segment: str = ALL_ROWS


@dataclass(frozen=True)
class Point:
    """How far an episode had come: the window and the run that opened or ended it."""

    start: datetime
    run_id: int

    def is_before(self, look: Look) -> bool:
        """Say whether the look came after: a later window, or a later verdict on the same one."""
        return (look.start, look.run_id) > (self.start, self.run_id) and look.start >= self.start


@dataclass(frozen=True)
class Opening:
    """An alert to open, and the windows that are the reason."""

    condition: Condition
    since: datetime
    windows: tuple[datetime, ...]
    when: When


@dataclass(frozen=True)
class Judgement:
    """What follows from the newest look; everything else stays as it is."""

    opens: tuple[Opening, ...] = ()
    resolves: tuple[Condition, ...] = ()
    goes_on: tuple[Condition, ...] = ()


class _Mark(Enum):
    BAD = "bad"
    GOOD = "good"
    NEITHER = "neither"


def judge(
    looks: Sequence[Look],
    *,
    open_since: Mapping[Condition, Point],
    ended: Mapping[Condition, Point],
    when: When,
) -> Judgement:
    """Judge the newest of `looks`, which are one check's windows in order.

    `open_since` names the open episodes with where they opened; `ended` where the latest closed
    episode of a condition ended: what it has already told does not count again.
    """
    if not looks:
        return Judgement()
    resolves = tuple(
        sorted(c for c, opened in open_since.items() if _is_over(looks, c, opened, when))
    )
    still_open = set(open_since) - set(resolves)
    newest = looks[-1]
    openings = [
        opening
        for condition in sorted(_conditions(newest) - set(open_since))
        if (opening := _opening(looks, condition, ended.get(condition), when)) is not None
    ]
    whole = {c.name for c in still_open if c.segment == ALL_ROWS}
    whole |= {o.condition.name for o in openings if o.condition.segment == ALL_ROWS}
    opens = tuple(
        opening
        for opening in openings
        # When all rows have moved, a segment that moved with them is no news of its own.
        if opening.condition.segment == ALL_ROWS or opening.condition.name not in whole
    )
    goes_on = tuple(sorted(c for c in still_open if _mark(newest, c) is _Mark.BAD))
    return Judgement(opens=opens, resolves=resolves, goes_on=goes_on)


def count_bad(looks: Sequence[Look], condition: Condition, *, of: int) -> int:
    """Count the bad windows among the last `of`."""
    return sum(_mark(look, condition) is _Mark.BAD for look in looks[-of:])


def _conditions(look: Look) -> set[Condition]:
    if look.state in CROSSINGS:
        nameless = frozenset() if look.expected else frozenset({ALL_ROWS})
        return {Condition(look.state, segment) for segment in look.crossed or nameless}
    return {Condition(look.state)} if look.state in FAULTS else set()


def _mark(look: Look, condition: Condition) -> _Mark:
    """Say what a window is for a condition; faults are neither good nor bad for a crossing."""
    if condition in _conditions(look):
        return _Mark.NEITHER if look.explained else _Mark.BAD
    if look.state == condition.name and condition.segment in look.expected:
        return _Mark.NEITHER
    if look.state not in FAULTS:
        return _Mark.GOOD
    # To find the data faulty is to have seen them: it ends "missed" and "could not look".
    if condition.name in FAULTS and look.state == "data_fault":
        return _Mark.GOOD
    return _Mark.NEITHER


def _rule(condition: Condition, when: When) -> When:
    return FAULT_WHEN if condition.name in FAULTS else when


def _opening(
    looks: Sequence[Look], condition: Condition, ended: Point | None, when: When
) -> Opening | None:
    rule = _rule(condition, when)
    recent = [look for look in looks[-rule.of :] if ended is None or ended.is_before(look)]
    bad = tuple(look.start for look in recent if _mark(look, condition) is _Mark.BAD)
    # Only a bad newest window fires: an episode never begins with good news.
    if not recent or _mark(recent[-1], condition) is not _Mark.BAD or len(bad) < rule.bad:
        return None
    return Opening(condition=condition, since=bad[0], windows=bad, when=rule)


def _is_over(looks: Sequence[Look], condition: Condition, opened: Point, when: When) -> bool:
    if _mark(looks[-1], condition) is not _Mark.GOOD:
        return False
    good = 0
    for look in reversed(looks):
        mark = _mark(look, condition)
        if mark is _Mark.BAD or not opened.is_before(look):
            break
        good += mark is _Mark.GOOD
    return good >= _rule(condition, when).good


# -- what follows from a condition ---------------------------------------------------------------

# A broken feed explains bad data, and bad data explain drift: the later ones are not told while
# the earlier one is open.
_MUTERS: dict[str, frozenset[str]] = {
    "data_fault": frozenset({"source_fault", "missed"}),
    "drift": frozenset({"source_fault", "missed", "data_fault"}),
    "breach": frozenset({"source_fault", "missed", "data_fault"}),
    "not_evaluated": frozenset({"source_fault", "missed", "data_fault"}),
}
_MUTER_RANK = ("source_fault", "missed", "data_fault")


def muter(name: str, *, open_names: Collection[str]) -> str | None:
    """Return the open condition of the same model that explains this one, the strongest first."""
    return next((m for m in _MUTER_RANK if m in open_names and m in _MUTERS.get(name, ())), None)


def severity_of(name: str, severities: Mapping[str, str]) -> str:
    """Return the severity the check's version gives a condition."""
    own = WORDS[name].severity
    return severities.get(name, severities.get("data_fault", own) if name in FAULTS else own)


def worst(severities: Iterable[str]) -> str:
    """Return the worst of some severities."""
    return "critical" if "critical" in set(severities) else "watch"


def cause_key(
    name: str,
    *,
    model_id: int,
    unit_id: int,
    source_id: int | None,
    server_id: int | None,
    topic: str = "",
) -> str:
    """Name what an incident groups by: the server, the feed, or the model's own behavior.

    One server's fault makes one incident a unit, not one for all: an incident holds people's
    words, and those stay inside their unit. `topic` tells crossings of one name apart.
    """
    if server_id is not None:
        return f"mlflow:{server_id}:unit:{unit_id}"
    if name in ("data_fault", "source_fault", "missed") and source_id is not None:
        return f"source:{source_id}"
    kind = (topic or name) if name in CROSSINGS else "evaluation"
    return f"model:{model_id}:{kind}"
