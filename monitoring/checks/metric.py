"""Judge one metric value against its limit."""

from dataclasses import dataclass

from monitoring.checks.words import number


@dataclass(frozen=True)
class MetricVerdict:
    """Whether a value crossed its limit, and the sentence that says so."""

    crossed: bool
    sentence: str


def judge(name: str, value: float, *, limit: float, direction: str) -> MetricVerdict:
    """Compare a value with its limit; exactly on the limit is within it."""
    crossed = value > limit if direction == "max" else value < limit
    if crossed:
        side = "above" if direction == "max" else "below"
        sentence = f"{name} is {number(value)}, {side} the limit of {number(limit)}"
    else:
        sentence = f"{name} is {number(value)}, within the limit of {number(limit)}"
    return MetricVerdict(crossed, sentence)
