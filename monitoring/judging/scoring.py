"""Score the columns of a batch against a reference, overall and by segment, one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monitoring.checks import drift
from monitoring.checks.shapes import DataSpec
from monitoring.data.columns import Column
from monitoring.data.pairs import Pair, as_codes, histogram, pair, summary
from monitoring.judging.protocol import HistogramOut, ReadingOut
from monitoring.statistics import distances

MIN_VALUES = 10  # fewer on either side are no distribution


@dataclass(frozen=True)
class Rule:
    """How one column is scored."""

    method: str
    limit: float


@dataclass
class Scores:
    """What was found, and which columns got no verdict although they should have."""

    readings: list[ReadingOut] = field(default_factory=list)
    histograms: list[HistogramOut] = field(default_factory=list)
    sparse: list[str] = field(default_factory=list)
    unscored: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scorer:
    """Compares two tables column by column."""

    spec: DataSpec
    reference: Mapping[str, Column]
    current: Mapping[str, Column]
    against: str

    def run(self, names: list[str]) -> Scores:
        """Score the named columns overall, then in each segment that is large enough."""
        found = Scores()
        for name in names:
            self._overall(name, found)
        for segment, here, there in self._segments(found):
            column = segment.split("=", 1)[0]
            for name in names:
                if name != column and name not in found.unscored and name not in found.sparse:
                    self._in_segment(name, segment, there, here, found)
        return found

    def rule(self, name: str) -> Rule:
        """Return method and limit of a column: its own, the prediction's, or its kind's."""
        spec = self.spec
        numeric = self.reference[name].numeric
        base: Any = spec.numeric if numeric else spec.categorical
        if name == spec.prediction.column and drift.suits(spec.prediction.method, numeric=numeric):
            base = spec.prediction
        own = spec.features.get(name)
        method = (own and own.method) or base.method
        limit = own.limit if own and own.limit is not None else base.limit
        return Rule(method, limit)

    def _overall(self, name: str, found: Scores) -> None:
        rule = self.rule(name)
        sides = pair(self.reference[name], self.current[name])
        if not drift.suits(rule.method, numeric=sides.numeric):
            kind = "numbers" if sides.numeric else "categories"
            found.unscored[name] = f"{rule.method} cannot judge {kind}; choose another method"
            return
        if min(sides.n_reference, sides.n_current) < MIN_VALUES:
            found.sparse.append(name)
            return
        try:
            reading = self._score(name, "", sides, rule)
        except distances.NoScore as error:
            found.unscored[name] = str(error)
            return
        found.readings.append(reading)
        found.histograms.append(_drawn(name, "", sides))

    def _in_segment(self, name: str, segment: str, there: Any, here: Any, found: Scores) -> None:
        rule = self.rule(name)
        if rule.method not in drift.P_VALUE_METHODS:
            rule = Rule(rule.method, max(rule.limit, self.spec.segment_limit))
        sides = pair(self.reference[name].at(there), self.current[name].at(here))
        if min(sides.n_reference, sides.n_current) < MIN_VALUES:
            return
        try:
            reading = self._score(name, segment, sides, rule)
        except distances.NoScore as error:
            found.notes.append(f"{name} in {segment}: {error}")
            return
        found.readings.append(reading)
        if reading.crossed:
            found.histograms.append(_drawn(name, segment, sides))

    def _score(self, name: str, segment: str, sides: Pair, rule: Rule) -> ReadingOut:
        score = distances.numeric if sides.numeric else distances.categorical
        value = score(rule.method, sides.reference, sides.current)
        crossed = drift.crossed(rule.method, value, rule.limit)
        return ReadingOut(
            feature=name,
            segment=segment,
            method=rule.method,
            method_version=distances.VERSION,
            value=value,
            p_value=value if rule.method in drift.P_VALUE_METHODS else None,
            n_reference=sides.n_reference,
            n_current=sides.n_current,
            limit=rule.limit,
            direction=drift.direction(rule.method),
            crossed=crossed,
            note=self._sentence(name, segment, sides) if crossed else "",
        )

    def _sentence(self, name: str, segment: str, sides: Pair) -> str:
        both = summary(sides)
        subject = f"{name} ({segment.replace('=', ' = ')})" if segment else name
        if sides.numeric:
            return drift.numeric_sentence(subject, both["reference"], both["current"], self.against)
        shares = both["reference"]["shares"], both["current"]["shares"]
        return drift.categorical_sentence(subject, *shares, self.against)

    def _segments(self, found: Scores) -> Iterator[tuple[str, Any, Any]]:
        least = self.spec.segment_min_rows
        for name in self.spec.segments:
            if name not in self.current or name not in self.reference:
                found.notes.append(f"Segments by {name} were not judged: there is no such column")
                continue
            now, then = as_codes(self.current[name]), as_codes(self.reference[name])
            if now.family == "text" or not now.labels:
                found.notes.append(f"Segments by {name} were not judged: too many values")
                continue
            places = {label: number for number, label in enumerate(then.labels)}
            for number, label in enumerate(now.labels):
                if label not in places:
                    continue
                here, there = now.values == number, then.values == places[label]
                if min(np.count_nonzero(here), np.count_nonzero(there)) >= least:
                    yield f"{name}={label}"[:250], here, there


def _drawn(name: str, segment: str, sides: Pair) -> HistogramOut:
    edges, labels, reference, current = histogram(sides)
    return HistogramOut(name, segment, edges, labels, reference, current, summary(sides))
