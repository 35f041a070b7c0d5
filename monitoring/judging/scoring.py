"""Score the columns of a batch against a reference, overall and by segment, one by one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monitoring.checks import drift
from monitoring.checks.shapes import DataSpec
from monitoring.checks.words import number
from monitoring.data import sketched
from monitoring.data.columns import Column, Counted
from monitoring.data.pairs import Pair, pair
from monitoring.judging.protocol import HistogramOut, ReadingOut
from monitoring.judging.segments import Part, parts
from monitoring.judging.settling import Draft, settled, undecided
from monitoring.statistics import distances, effects, told

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
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scorer:
    """Compares two tables column by column."""

    spec: DataSpec
    reference: Mapping[str, Column]
    current: Mapping[str, Column]
    against: str
    weights: Mapping[str, float] = field(default_factory=dict)
    draws: bool = True  # histograms, which a forecast has no use for

    def run(self, names: list[str]) -> Scores:
        """Score the named columns overall and in each large enough segment; then settle them."""
        found = Scores()
        self._ask_ahead(names)
        drafts = [draft for name in names if (draft := self._overall(name, found)) is not None]
        for part in parts(self.spec, self.reference, self.current, found.notes):
            for name in names:
                if name != part.column and name not in found.unscored and name not in found.sparse:
                    draft = self._in_part(name, part, found)
                    drafts += [draft] if draft else []
        for draft in undecided(drafts, self.spec):
            found.unscored[draft.reading.feature] = _too_fine(draft)
            drafts.remove(draft)
        found.readings, found.histograms = settled(
            drafts, self.spec, self.against, draws=self.draws
        )
        return found

    def _ask_ahead(self, names: list[str]) -> None:
        """Have sketches counted in one go where their scores and bars will ask."""
        points = []
        for name in names:
            then, now = self.reference[name], self.current[name]
            if isinstance(then, Counted) and isinstance(now, Counted) and then.told and now.told:
                method = self.rule(name).method
                where = [distances.asked(method, then.told, now.told), pair(then, now).edges[1:-1]]
                points += [(side.told, np.concatenate(where)) for side in (then, now)]
        sketched.ahead(points)

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

    def _overall(self, name: str, found: Scores) -> Draft | None:
        rule = self.rule(name)
        sides = pair(self.reference[name], self.current[name])
        if not drift.suits(rule.method, numeric=sides.numeric):
            kind = "numbers" if sides.numeric else "categories"
            found.unscored[name] = f"{rule.method} cannot judge {kind}; choose another method"
            return None
        if min(sides.n_reference, sides.n_current) < MIN_VALUES:
            found.sparse.append(name)
            return None
        try:
            return self._draft(name, "", sides, rule)
        except distances.NoScore as error:
            found.unscored[name] = str(error)
            return None

    def _in_part(self, name: str, part: Part, found: Scores) -> Draft | None:
        rule = self.rule(name)
        if rule.method not in drift.P_VALUE_METHODS:
            limit = self.spec.segment_limits.get(
                part.name, max(rule.limit, self.spec.segment_limit)
            )
            rule = Rule(rule.method, limit)
        sides = pair(self.reference[name].at(part.there), self.current[name].at(part.here))
        if min(sides.n_reference, sides.n_current) < MIN_VALUES:
            return None
        try:
            return self._draft(name, part.name, sides, rule)
        except distances.NoScore as error:
            found.notes.append(f"{name} in {part.name}: {error}")
            return None

    def _draft(self, name: str, segment: str, sides: Pair, rule: Rule) -> Draft:
        if self.draws and not segment:
            sides.foresee()
        score = distances.numeric if sides.numeric else distances.categorical
        value = score(rule.method, sides.reference, sides.current)
        effect = (
            effects.of_numbers(rule.method, sides.reference, sides.current)
            if sides.numeric
            else effects.of_categories(sides.reference, sides.current)
        )
        return Draft(
            ReadingOut(
                feature=name,
                segment=segment,
                stage="prediction" if name == self.spec.prediction.column else "input",
                method=rule.method,
                method_version=distances.VERSION,
                value=value,
                p_value=value if rule.method in drift.P_VALUE_METHODS else None,
                effect=effect,
                weight=self.weights.get(name),
                n_reference=sides.n_reference,
                n_current=sides.n_current,
                limit=rule.limit,
                direction=drift.direction(rule.method),
                crossed=False,
            ),
            sides,
            told.room(rule.method, sides.reference, sides.current, value)
            if sides.numeric
            else (value, value),
        )


def _too_fine(draft: Draft) -> str:
    reading, (low, high) = draft.reading, draft.room
    return (
        f"{reading.method} lies between {number(low)} and {number(high)} by its sketch, which does"
        f" not tell on which side of {number(reading.limit)}; choose psi, or engine: local"
    )
