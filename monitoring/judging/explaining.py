"""Say which segment a change comes from, of all that the check divides the rows by.

The change of a column is the difference of its shares, bin by bin. Each segment's rows add their
part to every bin, so the parts can be told apart and sum up to the whole change: a segment that
moved, and one that merely has more or fewer rows than before, both count.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitoring.checks.shapes import DataSpec
from monitoring.data.columns import Column
from monitoring.judging.protocol import ReadingOut
from monitoring.judging.segments import sides_of
from monitoring.statistics import distances

_COLUMNS = 5
_NAMED = 10
_LEAST = 0.2


def explained_by(
    crossed: list[ReadingOut],
    spec: DataSpec,
    reference: Mapping[str, Column],
    current: Mapping[str, Column],
) -> list[dict[str, Any]]:
    """Return the segments that hold at least a fifth of a column's change, the largest first."""
    divisions = {
        name: sides
        for name in spec.segments
        # The days of this window are in no reference, so they explain nothing.
        if name != "@day" and not isinstance(sides := sides_of(name, spec, reference, current), str)
    }
    if not divisions:
        return []
    found: list[dict[str, Any]] = []
    for reading in [one for one in crossed if not one.segment and one.feature in current][
        :_COLUMNS
    ]:
        bins = _bins(reference[reading.feature], current[reading.feature])
        for name, (then, now) in divisions.items():
            if name == reading.feature or bins is None:
                continue
            for label, share in _shares(bins, then, now).items():
                if share >= _LEAST:
                    found.append(
                        {"feature": reading.feature, "column": name, "value": label,
                         "share": round(share, 4)}
                    )  # fmt: skip
    return sorted(found, key=lambda one: -one["share"])[:_NAMED]


def _bins(then: Column, now: Column) -> tuple[Any, Any, int] | None:
    """Return the bin of each row on both sides (-1: no value), and how many bins there are."""
    if then.numeric:
        low = min(then.ranks.low, now.ranks.low)
        high = max(then.ranks.high, now.ranks.high)
        try:
            edges = distances.sturges(low, high, then.ranks.n + now.ranks.n)
        except distances.NoScore:
            return None
        sides = [
            np.where(
                np.isfinite(side.values), np.searchsorted(edges[1:-1], side.values, "right"), -1
            )
            for side in (then, now)
        ]
        return sides[0], sides[1], len(edges) - 1
    labels = list(dict.fromkeys([*then.labels, *now.labels]))
    place = {label: number for number, label in enumerate(labels)}
    sides = [
        np.array([*(place[label] for label in side.labels), -1])[side.values]
        for side in (then, now)
    ]
    return sides[0], sides[1], len(labels)


def _shares(bins: tuple[Any, Any, int], then: Column, now: Column) -> dict[str, float]:
    """Return for each value of a segment column its share of the change."""
    labels = list(dict.fromkeys([*then.labels, *now.labels]))
    place = {label: number for number, label in enumerate(labels)}
    tables = []
    for rows, side in zip(bins[:2], (then, now), strict=True):
        parts = np.array([*(place[label] for label in side.labels), -1])[side.values]
        both = (rows >= 0) & (parts >= 0)
        if not both.any():
            return {}
        cells = parts[both] * bins[2] + rows[both]
        counts = np.bincount(cells, minlength=len(labels) * bins[2])
        tables.append(counts.reshape(len(labels), bins[2]) / both.sum())
    change = tables[1] - tables[0]
    whole = change.sum(axis=0)
    total = np.abs(whole).sum()
    if total <= 0:
        return {}
    shares = (change * np.sign(whole)).sum(axis=1) / total
    return dict(zip(labels, shares.tolist(), strict=True))
