"""Two sides of one column, brought to the same categories, and their histogram."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from monitoring.data.columns import Column, Described
from monitoring.statistics.distances import counted
from monitoring.statistics.ranks import Ranks

BINS = 30
MAX_SCORED = 50  # categories; the rarer ones of the reference are scored together
OTHER = "(other)"


@dataclass(frozen=True)
class Pair:
    """Both sides of one column: ranks of numbers, or counts over the same labels."""

    numeric: bool
    reference: Any
    current: Any
    labels: tuple[str, ...] = ()
    reference_nulls: float = 0.0
    current_nulls: float = 0.0

    @property
    def n_reference(self) -> int:
        return _size(self.reference)

    @property
    def n_current(self) -> int:
        return _size(self.current)

    @cached_property
    def edges(self) -> Any:
        """The edges of the bars that a page draws of numbers."""
        then, now = self.reference.spots, self.current.spots
        low, high = float(min(then[0], now[0])), float(max(then[-1], now[-1]))
        if not np.isfinite(high - low) or low == high:
            low, high = low - 0.5, low + 0.5
        edges = np.linspace(low, high, BINS + 1)
        return edges if (np.diff(edges) > 0).all() else np.array([low, low])

    def foresee(self) -> None:
        """Let the bars be counted in the pass that the score takes over the values."""
        if self.numeric and len(self.edges) > 2:
            for side in (self.reference, self.current):
                side.expect(self.edges[1:-1])


def pair(reference: Described, current: Described) -> Pair:
    """Return both sides without nulls; categories share one numbering."""
    nulls = _null_share(reference), _null_share(current)
    if reference.numeric and current.numeric:
        return Pair(True, reference.ranks, current.ranks, (), *nulls)
    kept, known = _common_first(reference), set(reference.labels)
    labels = [*kept, *(label for label in current.labels if label not in known)]
    labels = labels[: MAX_SCORED - 1]
    place = {label: number for number, label in enumerate(labels)}
    sides = []
    for side in (reference, current):
        counts = np.zeros(len(labels) + 1, np.int64)
        for label, count in zip(side.labels, side.counts.tolist(), strict=True):
            counts[place.get(label, len(labels))] += count
        sides.append(counts)
    then, now = sides
    if not (then[-1] or now[-1]):
        return Pair(False, then[:-1], now[:-1], tuple(labels), *nulls)
    return Pair(False, then, now, (*labels, OTHER), *nulls)


def _size(side: Any) -> int:
    return int(side.n) if isinstance(side, Ranks) else int(side.sum())


def _common_first(column: Described) -> list[str]:
    order = np.argsort(-column.counts, kind="stable")
    return [column.labels[i] for i in order]


def _null_share(column: Described) -> float:
    return column.nulls / column.rows if column.rows else 0.0


def as_codes(column: Column) -> Column:
    """Return a column of few numbers (a year, a shop) as categories, for use as a segment."""
    if not column.numeric:
        return column
    found, codes = np.unique(column.present(), return_inverse=True)
    values = np.full(len(column.values), -1)
    values[np.isfinite(column.values)] = codes
    labels = tuple(f"{value:g}" for value in found)
    return Column("category", values, labels, values < 0)


def summary(sides: Pair) -> dict[str, Any]:
    """Return what a sentence and a page say about both sides."""
    return {
        "reference": _side(sides, sides.reference, sides.reference_nulls),
        "current": _side(sides, sides.current, sides.current_nulls),
    }


def _side(sides: Pair, side: Any, nulls: float) -> dict[str, Any]:
    found: dict[str, Any] = {"n": _size(side), "null_share": round(nulls, 6)}
    if not isinstance(side, Ranks):
        shares = (side / max(1, side.sum())).tolist()
        found["shares"] = {
            label: round(share, 6) for label, share in zip(sides.labels, shares, strict=True)
        }
    elif side.n:
        found |= {
            "median": _written(side.spots[2]),
            "mean": _written(side.mean),
            "std": _written(side.std),
            "low": side.low,
            "high": side.high,
        }
    return found


def _written(value: float) -> float:
    """JSON has neither infinity nor NaN; the sum of huge numbers may be either."""
    return float(value) if math.isfinite(value) else float(np.nan_to_num(value))


def histogram(
    sides: Pair,
) -> tuple[list[float] | None, list[str] | None, list[int], list[int]]:
    """Return edges or labels, and the counts of both sides over them."""
    if not sides.numeric:
        size = len(sides.labels)
        shown = size if size <= BINS else BINS - 1
        labels, counts = list(sides.labels[:shown]), []
        for side in (sides.reference, sides.current):
            rest = [int(side[shown:].sum())] if size > shown else []
            counts.append([*side[:shown].tolist(), *rest])
        return None, labels + ([OTHER] if size > shown else []), counts[0], counts[1]
    edges = sides.edges
    if len(edges) == 2:
        return edges.tolist(), None, [sides.reference.n], [sides.current.n]
    # The few values beyond the edges belong to the outermost bars.
    counts = [counted(side, edges).tolist() for side in (sides.reference, sides.current)]
    return edges.tolist(), None, counts[0], counts[1]
