"""Count the rows of each group: codes in, counts out; nobody's traits are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.checks.disclosure import BETWEEN
from monitoring.checks.fairness_shapes import Favorable
from monitoring.checks.groups import NOT_STATED, Counts
from monitoring.data.columns import Column

# A column with more values than this is no attribute; bands of it may be one.
MOST_GROUPS = 60


class NoGroups(Exception):
    """The columns do not divide the rows into groups."""


@dataclass(frozen=True)
class Grouped:
    """The group of every row as a code, -1 where it is not stated."""

    codes: Any
    names: tuple[str, ...]

    def rows_of(self, group: str) -> Any:
        """Return which rows belong to a group."""
        return self.codes == (self.names.index(group) if group in self.names else -1)


def divide(columns: Mapping[str, Column], parts: Sequence[str]) -> Grouped:
    """Divide the rows by one column, or by what several of them say together."""
    codes, names = _codes(columns[parts[0]], parts[0])
    for name in parts[1:]:
        more, others = _codes(columns[name], name)
        codes = np.where((codes < 0) | (more < 0), -1, codes * len(others) + more)
        names = tuple(f"{one}{BETWEEN}{other}" for one in names for other in others)
    return Grouped(codes, names)


def _codes(column: Column, name: str) -> tuple[Any, tuple[str, ...]]:
    if column.numeric:
        values = np.where(np.isfinite(column.values), column.values, np.nan)
        kinds = np.unique(values[~np.isnan(values)])
        texts = tuple(f"{kind:g}" for kind in kinds)
        codes = np.where(np.isnan(values), -1, np.searchsorted(kinds, values))
    elif column.scorable or column.family == "text":
        texts, codes = column.labels, column.values
    elif column.family == "empty":
        texts, codes = (), np.full(len(column.values), -1)
    else:
        raise NoGroups(f"{name} holds times or lists, which are no groups of people")
    if len(texts) > MOST_GROUPS:
        raise NoGroups(f"{name} has {len(texts):,} different values; name a column of bands")
    return codes, texts


def favored(column: Column, favorable: Favorable) -> Any:
    """Return which rows had the favorable decision; rows without one are not asked about."""
    if favorable.values:
        return matches(column, favorable.values)
    if not column.numeric:
        raise NoGroups("the decision is not a number, so `favorable` must name its `values`")
    if favorable.above_median:
        return column.values > np.median(column.present())
    if favorable.at_least is not None:
        return column.values >= favorable.at_least
    return column.values <= favorable.at_most


def matches(column: Column, values: Sequence[str | int | float | bool]) -> Any:
    """Return which rows hold one of the values, however a 1 or a true is written there."""
    if column.numeric:
        return np.isin(
            column.values, [number for v in values if (number := _number(v)) is not None]
        )
    wanted = {text for value in values for text in _texts(value)}
    return np.isin(column.values, [i for i, label in enumerate(column.labels) if label in wanted])


def _number(value: str | int | float | bool) -> float | None:
    try:
        return float(value)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(str(value).lower())


def _texts(value: str | int | float | bool) -> set[str]:
    text = value.lower() if isinstance(value, str) else f"{float(value):g}"
    for same in ({"true", "1"}, {"false", "0"}):
        if text in same:
            return {*same, str(value)}
    return {value if isinstance(value, str) else text}


def count(grouped: Grouped, selected: Any, deserving: Any, known: Any) -> list[Counts]:
    """Count each group; `known` are the rows with a label, or None without labels."""
    places = np.where(grouped.codes < 0, len(grouped.names), grouped.codes).astype(np.int64)

    def of(rows: Any) -> list[int]:
        return [int(n) for n in np.bincount(places[rows], minlength=len(grouped.names) + 1)]

    everyone = of(np.ones(len(places), bool))
    favored_rows = of(selected)
    quarters: list[list[int]] | None = None
    if known is not None:
        quarters = [
            of(known & selected & deserving), of(known & selected & ~deserving),
            of(known & ~selected & deserving), of(known & ~selected & ~deserving),
        ]  # fmt: skip
    names = (*grouped.names, NOT_STATED)
    return [
        Counts(name, everyone[i], favored_rows[i], *([q[i] for q in quarters] if quarters else []))
        for i, name in enumerate(names)
        if everyone[i]
    ]
