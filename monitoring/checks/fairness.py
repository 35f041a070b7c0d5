"""Compare how groups were treated, from counts; a ratio decides only with its significance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from monitoring.checks import proportions
from monitoring.checks.correction import benjamini_hochberg
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.groups import Counts, comparable, unknown_share
from monitoring.checks.proportions import Share
from monitoring.checks.words import percent

DIRECTIONS = {"impact_ratio": "min"}  # every other figure is bad above its limit


@dataclass(frozen=True)
class Figure:
    """One figure of one group, or in `problem` why it is not known."""

    attribute: str
    group: str
    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    test: str = ""
    n: int = 0
    against: str = ""  # the group that it is compared with
    n_against: int | None = None
    seen: str = ""  # what was seen, in words
    problem: str = ""


@dataclass(frozen=True)
class Judged:
    """A figure held to its limit: ok, breach or not_evaluated."""

    figure: Figure
    limit: float
    adjusted_p: float | None
    state: str
    sentence: str

    @property
    def direction(self) -> str:
        return DIRECTIONS.get(self.figure.metric, "max")


@dataclass(frozen=True)
class _Way:
    """How one figure is read from two groups' counts."""

    share: Callable[[Counts], Share]
    done: str  # what happened to so many of the group
    best_is_high: bool
    is_ratio: bool


_WAYS = {
    "impact_ratio": _Way(lambda c: c.selection, "favored", True, True),
    "selection_difference": _Way(lambda c: c.selection, "favored", True, False),
    "equal_opportunity": _Way(lambda c: c.opportunity, "of the deserving favored", True, False),
    "false_positive_ratio": _Way(lambda c: c.burden, "of the deserving refused", False, True),
}


def compare(attribute: str, counts: list[Counts], spec: FairnessSpec) -> list[Figure]:
    """Return every wanted figure of every group that is large enough, from the counts alone."""
    wanted = [name for name in spec.limits.named if name in _WAYS]
    if problem := cannot_compare(attribute, counts, spec):
        return [Figure(attribute, "", name, problem=problem) for name in wanted]
    groups = comparable(counts, min_cell=spec.min_cell, min_share=spec.min_share)
    return [figure for name in wanted for figure in _compare(attribute, groups, name, spec)]


def cannot_compare(attribute: str, counts: list[Counts], spec: FairnessSpec) -> str:
    """Say why nothing about this attribute is known, or ''."""
    unknown = unknown_share(counts)
    if unknown > spec.max_unknown:
        return f"{attribute} is not stated for {percent(unknown)} of the rows"
    groups = comparable(counts, min_cell=spec.min_cell, min_share=spec.min_share)
    if len(groups) < 2:
        found = f"only {groups[0].group} has" if groups else "no group has"
        return f"groups of {attribute} cannot be compared: {found} {spec.min_cell} rows"
    named = spec.reference.get(attribute)
    if named is not None and named not in {one.group for one in groups}:
        return f"{attribute}: the group {named} to compare with has no {spec.min_cell} rows"
    return ""


def _compare(attribute: str, groups: list[Counts], metric: str, spec: FairnessSpec) -> list[Figure]:
    way = _WAYS[metric]
    large = [one for one in groups if way.share(one).of >= spec.min_cell]
    small = [one for one in groups if one not in large]
    named = spec.reference.get(attribute)
    # Against a group that is itself too small nothing can be said of any other.
    best = _best(large, way, named)
    figures = [
        Figure(
            *(attribute, one.group, metric),
            n=way.share(one).of,
            # How many there are would tell of single people.
            problem=f"fewer than {spec.min_cell} labeled rows deserve the favorable decision",
        )
        for one in small
    ]
    if best is None or len(large) < 2:
        said = f"no group of {attribute} to compare with has enough labels"
        return figures + [Figure(attribute, one.group, metric, problem=said) for one in large]
    others = [one for one in large if one is not best]
    return figures + [_figure(attribute, one, best, metric, spec) for one in others]


def _best(groups: list[Counts], way: _Way, named: str | None) -> Counts | None:
    if named is not None:
        return next((one for one in groups if one.group == named), None)
    sign = 1 if way.best_is_high else -1
    return max(groups, key=lambda one: (sign * way.share(one).rate, one.n), default=None)


def _figure(attribute: str, one: Counts, best: Counts, metric: str, spec: FairnessSpec) -> Figure:
    way = _WAYS[metric]
    a, b = way.share(one), way.share(best)
    confidence = 1 - spec.significance
    p_value, test = proportions.test(a, b)
    if way.is_ratio:
        low, high = proportions.ratio(a, b, confidence=confidence)
        half = 0.5 if b.count == 0 else 0.0
        value = ((a.count + half) / (a.of + half)) / ((b.count + half) / (b.of + half))
    else:
        value = b.rate - a.rate
        low, high = proportions.difference(b, a, confidence=confidence)
    seen = f"{percent(a.rate)} {way.done}, against {percent(b.rate)} of {best.group}"
    return Figure(
        *(attribute, one.group, metric, value, low, high, p_value, test),
        n=a.of, against=best.group, n_against=b.of, seen=seen,
    )  # fmt: skip


def judge(figures: Sequence[Figure], spec: FairnessSpec) -> list[Judged]:
    """Hold figures to their limits: beyond the limit, and not by chance, is a breach."""
    p_values = [one.p_value for one in figures]
    corrected = spec.correction == "benjamini_hochberg"
    adjusted = benjamini_hochberg(p_values) if corrected else p_values
    pairs = zip(figures, adjusted, strict=True)
    return [_judge(one, p, spec) for one, p in pairs]


def _judge(one: Figure, adjusted: float | None, spec: FairnessSpec) -> Judged:
    limit = spec.limits.named[one.metric]
    name = one.metric.replace("_", " ")
    who = f"{one.attribute} {one.group}".strip()
    if one.value is None or adjusted is None:
        why = one.problem or "it could not be computed"
        sentence = f"{name} of {who} is unknown: {why}" if one.group else why
        return Judged(replace(one, value=None), limit, None, "not_evaluated", sentence)
    low_is_bad = DIRECTIONS.get(one.metric) == "min"
    beyond = one.value < limit if low_is_bad else one.value > limit
    crossed = beyond and adjusted <= spec.significance
    sentence = f"{who}: {one.seen}: {name} {one.value:.3g}"
    if one.low is not None and one.high is not None:
        sentence += f" ({one.low:.3g} to {one.high:.3g})"
    sentence += f", p {adjusted:.2g} ({one.test})"
    if beyond:
        sentence += f"; {'below' if low_is_bad else 'above'} the limit of {limit:g}"
        sentence += "" if crossed else ", but it may be chance"
    return Judged(one, limit, adjusted, "breach" if crossed else "ok", sentence)
