"""Two sides of one column, brought to the same categories, and their histogram."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.data.columns import Column

BINS = 30
MAX_SCORED = 50  # categories; the rarer ones of the reference are scored together
OTHER = "(other)"
_TAIL = 0.005


@dataclass(frozen=True)
class Pair:
    """Reference and current values of one column over the same labels."""

    numeric: bool
    reference: Any
    current: Any
    labels: tuple[str, ...] = ()
    reference_nulls: float = 0.0
    current_nulls: float = 0.0


def pair(reference: Column, current: Column) -> Pair:
    """Return both sides without nulls; categories share one numbering."""
    nulls = _null_share(reference), _null_share(current)
    if reference.numeric and current.numeric:
        return Pair(True, reference.present(), current.present(), (), *nulls)
    kept = _common_first(reference)
    labels = [*kept, *(label for label in current.labels if label not in set(reference.labels))]
    labels = labels[: MAX_SCORED - 1]
    place = {label: number for number, label in enumerate(labels)}
    rest = len(labels)
    then, now = (
        np.array([place.get(label, rest) for label in side.labels] or [rest])[side.present()]
        for side in (reference, current)
    )
    used = bool((then == rest).any() or (now == rest).any())
    return Pair(False, then, now, (*labels, OTHER) if used else tuple(labels), *nulls)


def _common_first(column: Column) -> list[str]:
    counts = np.bincount(column.present(), minlength=len(column.labels))
    order = np.argsort(-counts, kind="stable")
    return [column.labels[i] for i in order]


def _null_share(column: Column) -> float:
    return float(column.missing.mean()) if len(column.missing) else 0.0


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


def _side(sides: Pair, values: Any, nulls: float) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(values), "null_share": round(nulls, 6)}
    if not sides.numeric:
        counts = np.bincount(values, minlength=len(sides.labels))
        shares = counts / max(1, len(values))
        found["shares"] = {
            label: round(float(share), 6) for label, share in zip(sides.labels, shares, strict=True)
        }
    elif len(values):
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = {
                "median": np.median(values),
                "mean": values.mean(),
                "std": values.std(),
                "low": values.min(),
                "high": values.max(),
            }
        found |= {name: float(np.nan_to_num(value)) for name, value in numbers.items()}
    return found


def histogram(
    sides: Pair,
) -> tuple[list[float] | None, list[str] | None, list[int], list[int]]:
    """Return edges or labels, and the counts of both sides over them."""
    if not sides.numeric:
        size = len(sides.labels)
        first = np.bincount(sides.reference, minlength=size)
        second = np.bincount(sides.current, minlength=size)
        shown = min(size, BINS - 1)
        labels, counts = list(sides.labels[:shown]), []
        for side in (first, second):
            rest = [int(side[shown:].sum())] if size > shown else []
            counts.append([*map(int, side[:shown]), *rest])
        return None, labels + ([OTHER] if size > shown else []), counts[0], counts[1]
    both = np.concatenate([sides.reference, sides.current])
    low, high = np.quantile(both, [_TAIL, 1 - _TAIL])
    if not np.isfinite(high - low) or low == high:
        low, high = float(low) - 0.5, float(low) + 0.5
    edges = np.linspace(low, high, BINS + 1)
    if not (np.diff(edges) > 0).all():
        return [float(low), float(low)], None, [len(sides.reference)], [len(sides.current)]
    # The few values beyond the edges belong to the outermost bars.
    counts = [
        np.histogram(np.clip(side, low, high), bins=edges)[0].tolist()
        for side in (sides.reference, sides.current)
    ]
    return edges.tolist(), None, counts[0], counts[1]
