"""One owner's inbox: verdicts go in, judged and staged as the service does; messages come out.

It uses the service's own pure judgement and stages; only the rows in between are lists here.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from monitoring.alerts.judgement import ALL_ROWS, Condition, Look, Point, When, judge
from monitoring.alerts.stages import Facts, Reader, Waits, decide, flaps

_KEPT = 30  # windows that judgement is shown; far more than any rule looks back over


@dataclass(frozen=True)
class Verdict:
    """One window of one series: when it was judged and what was found."""

    series: int
    at: datetime
    start: datetime
    state: str
    crossed: frozenset[str] = frozenset({ALL_ROWS})


@dataclass(frozen=True)
class Series:
    """How a check of a model alerts: its m-of-n, severity and the model's tier."""

    tier: int
    severity: str
    when: When = field(default_factory=When)


@dataclass
class Case:
    """An open episode of one condition, and what its reader was told."""

    number: int
    opened_at: datetime
    told: list[datetime] = field(default_factory=list)
    critical_told: bool = False


@dataclass
class Told:
    """What came out: messages, those at once, and when each opening was first told of."""

    messages: int = 0
    interruptions: int = 0
    every_breach: int = 0  # what telling each bad window would have sent
    opened: list[tuple[int, datetime, datetime]] = field(default_factory=list)  # series, at, told


@dataclass
class _State:
    looks: list[Look] = field(default_factory=list)
    open_since: dict[Condition, Point] = field(default_factory=dict)
    ended: dict[Condition, Point] = field(default_factory=dict)
    cases: dict[Condition, Case] = field(default_factory=dict)
    changes: dict[Condition, list[datetime]] = field(default_factory=dict)


class Inbox:
    """Everything one owner is told."""

    def __init__(self, series: Sequence[Series], reader: Reader, waits: Waits) -> None:
        self.series, self.reader, self.waits = series, reader, waits
        self.told = Told()
        self._states = [_State() for _ in series]
        self._waiting: list[tuple[datetime, int, Facts, int, Case]] = []
        self._order = count()
        self._interrupted: list[datetime] = []

    def take(self, verdict: Verdict) -> None:
        """Judge one window; verdicts come in the order of time."""
        self.until(verdict.at)
        state, rule = self._states[verdict.series], self.series[verdict.series]
        bad = verdict.state != "ok"
        self.told.every_breach += bad
        crossed = verdict.crossed if bad else frozenset[str]()
        number = len(state.looks) + 1 if not state.looks else state.looks[-1].run_id + 1
        state.looks.append(Look(number, verdict.start, verdict.state, crossed))
        del state.looks[:-_KEPT]
        if not bad and not state.open_since:
            return
        judged = judge(state.looks, open_since=state.open_since, ended=state.ended, when=rule.when)
        point = Point(verdict.start, number)
        for condition in judged.resolves:
            del state.open_since[condition]
            state.ended[condition] = point
            case = state.cases.pop(condition)
            state.changes.setdefault(condition, []).append(verdict.at)
            self._news(verdict.series, condition, "resolved", case, verdict.at)
        for opening in judged.opens:
            condition = opening.condition
            state.open_since[condition] = point
            state.cases[condition] = case = Case(next(self._order), verdict.at)
            self._news(verdict.series, condition, "firing", case, verdict.at)
            state.changes.setdefault(condition, []).append(verdict.at)

    def until(self, at: datetime) -> None:
        """Send what was held until now."""
        while self._waiting and self._waiting[0][0] <= at:
            due = self._waiting[0][0]
            together = []
            while self._waiting and self._waiting[0][0] == due:
                together.append(heapq.heappop(self._waiting))
            self._due(due, [(facts, series, case) for _, _, facts, series, case in together])

    def _news(self, series: int, condition: Condition, kind: str, case: Case, at: datetime) -> None:
        changes = self._states[series].changes.get(condition, [])
        facts = Facts(
            kind=kind, severity=self.series[series].severity, tier=self.series[series].tier,
            owed_at=at, ends_case=kind == "resolved",
            flapping=flaps(at, changes),
        )  # fmt: skip
        self._due(at, [(facts, series, case)])

    def _due(self, at: datetime, news: list[tuple[Facts, int, Case]]) -> None:
        digest = False
        for facts, series, case in news:
            seen = replace(
                facts, last_told_at=case.told[-1] if case.told else None,
                critical_told=case.critical_told,
            )  # fmt: skip
            found = decide(seen, self.reader, self.waits, interrupted=self._interrupted, at=at)
            if found.until is not None:
                later = replace(facts, digest=found.route == "digest")
                row = (found.until, next(self._order), later, series, case)
                heapq.heappush(self._waiting, row)
                continue
            if found.route == "now":
                self.told.messages += 1
                self.told.interruptions += 1
                self._interrupted = [m for m in self._interrupted if at - m < timedelta(days=7)]
                self._interrupted.append(at)
            digest = digest or found.route == "digest"
            if facts.kind == "firing":
                self.told.opened.append((series, case.opened_at, at))
            case.told.append(at)
            case.critical_told = case.critical_told or facts.severity == "critical"
        self.told.messages += digest  # whatever is in it, a digest is one message
