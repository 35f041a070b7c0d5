"""Poison in the columns: every type of fault, in every kind of column, place and format."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.poisons.poison import FAULTS, FORMATS, MOVED, ROWS, Poison, week, written

Change = Callable[[Any, str, list[int]], Any]
NUMBERS = ("income", "age", "balance", "prediction")
PLACES = {"first": [0], "middle": [ROWS // 2], "last": [ROWS - 1], "both_ends": [0, ROWS - 1]}
TYPED = ("parquet", "arrow", "jsonl", "jsonl.gz", "json")  # formats that know a text from a number
_ARROW = ("parquet", "arrow")


def _set(value: Any, table: Any, column: str, at: list[int]) -> Any:
    cells = table[column].astype(object)
    cells.iloc[at] = value
    return table.assign(**{column: cells})


def _number(value: float, table: Any, column: str, at: list[int]) -> Any:
    cells = table[column].astype(float)
    cells.iloc[at] = value
    return table.assign(**{column: cells})


def _mixed(table: Any, column: str, at: list[int]) -> Any:
    return table.assign(**{column: _set("many", table, column, at)[column].astype(str)})


def _whole(make: Callable[[Any], Any], table: Any, column: str, at: list[int]) -> Any:
    return table.assign(**{column: make(table[column])})


def _nested(make: Callable[[Any], Any], table: Any, column: str, at: list[int]) -> Any:
    return table.assign(**{column: [make(value) for value in table[column]]})


def _nothing(column: Any) -> Any:
    return pd.Series([None] * len(column), dtype=object)


def _half(column: Any) -> Any:
    return column.astype(object).where(column.index % 2 == 0, None)


def _not_available(column: Any) -> Any:
    return column.astype(object).where(column.index % 3 > 0, "N/A").astype(str)


# One cell is enough for these.
CELLS: dict[str, tuple[Change, tuple[str, ...]]] = {
    "text": (_mixed, FORMATS),
    "inf": (partial(_number, np.inf), ("parquet", "csv", "csv.gz", "arrow")),
    "minus_inf": (partial(_number, -np.inf), ("parquet", "csv", "csv.gz", "arrow")),
    "1e308": (partial(_number, 1e308), FORMATS),
    "minus_1e308": (partial(_number, -1e308), FORMATS),
    "1e30": (partial(_number, 1e30), FORMATS),
}
# The whole column, or so much of it that it breaks the contract.
NUMERIC: dict[str, tuple[Change, tuple[str, ...], frozenset[str]]] = {
    "as_text": (partial(_whole, lambda c: c.astype(str)), TYPED, FAULTS),
    "comma_decimals": (
        partial(_whole, lambda c: c.map(lambda v: f"{v:.3f}".replace(".", ","))), FORMATS, FAULTS,
    ),
    "as_time": (
        partial(_whole, lambda c: pd.date_range("2026-08-03", periods=len(c), freq="min")),
        FORMATS, FAULTS,
    ),
    "as_flag": (partial(_whole, lambda c: c > c.median()), FORMATS, FAULTS),
    "all_null": (partial(_whole, lambda c: c.astype(float) * np.nan), FORMATS, FAULTS),
    "half_null": (partial(_whole, _half), FORMATS, FAULTS),
    "tenth_null": (partial(_whole, lambda c: c.mask(c.index % 10 == 0)), FORMATS, FAULTS),
    "all_inf": (partial(_whole, lambda c: c * 0.0 + np.inf), ("parquet", "csv", "arrow"), FAULTS),
    "constant": (partial(_whole, lambda c: c * 0.0 + c.median()), FORMATS, MOVED),
    "all_zero": (partial(_whole, lambda c: c * 0.0), FORMATS, MOVED),
    "times_1000": (partial(_whole, lambda c: c * 1000.0), FORMATS, FAULTS),
    "times_minus_1000": (partial(_whole, lambda c: c * -1000.0), FORMATS, FAULTS),
    "lists": (partial(_nested, lambda v: [v, v]), TYPED, FAULTS),
    "structs": (partial(_nested, lambda v: {"value": v}), TYPED, FAULTS),
    "bytes": (partial(_nested, lambda v: str(v).encode()), _ARROW, FAULTS),
    "N/A": (partial(_whole, _not_available), FORMATS, FAULTS),
}  # fmt: skip
TEXTS: dict[str, tuple[Change, tuple[str, ...], frozenset[str]]] = {
    "unseen": (partial(_whole, lambda c: "MARS" + c.str.slice(0, 0)), FORMATS, FAULTS),
    "some_unseen": (partial(_whole, lambda c: c.where(c.index % 20 > 0, "MARS")), FORMATS, FAULTS),
    "lower_case": (partial(_whole, lambda c: c.str.lower()), FORMATS, FAULTS),
    "trailing_space": (partial(_whole, lambda c: c + " "), FORMATS, FAULTS),
    "all_distinct": (partial(_whole, lambda c: c + c.index.astype(str)), FORMATS, FAULTS),
    "numbers": (partial(_whole, lambda c: c.map(len) * 1.5), FORMATS, FAULTS),
    "whole_numbers": (partial(_whole, lambda c: c.map("EU US UK".index)), FORMATS, FAULTS),
    "all_null": (partial(_whole, _nothing), FORMATS, FAULTS),
    "half_null": (partial(_whole, _half), FORMATS, FAULTS),
    "unicode": (partial(_whole, lambda c: c + "\u202e\U0001f4a9"), FORMATS, FAULTS),
    "long": (partial(_whole, lambda c: c * 20_000), FORMATS, FAULTS),
    "nul": (partial(_whole, lambda c: c + "\x00"), FORMATS, FAULTS),
    "markup": (partial(_whole, lambda c: "</script><script>" + c), FORMATS, FAULTS),
    "times": (
        partial(_whole, lambda c: pd.date_range("2026-08-03", periods=len(c), freq="min")),
        FORMATS, FAULTS,
    ),
    "lists": (partial(_nested, lambda v: [v]), TYPED, FAULTS),
    "structs": (partial(_nested, lambda v: {"value": v}), TYPED, FAULTS),
    "bytes": (partial(_nested, lambda v: v.encode()), _ARROW, FAULTS),
    "one_value": (partial(_whole, lambda c: "EU" + c.str.slice(0, 0)), FORMATS, MOVED),
}  # fmt: skip
FLAGS: dict[str, tuple[Change, tuple[str, ...], frozenset[str]]] = {
    "numbers": (partial(_whole, lambda c: c * 1.5), FORMATS, FAULTS),
    "texts": (partial(_whole, lambda c: c.map({True: "yes", False: "no"})), FORMATS, FAULTS),
    "all_null": (partial(_whole, _nothing), FORMATS, FAULTS),
    "half_null": (partial(_whole, _half), FORMATS, FAULTS),
    "one_value": (partial(_whole, lambda c: ~(c | True)), FORMATS, MOVED),
    "lists": (partial(_nested, lambda v: [v]), TYPED, FAULTS),
}  # fmt: skip
TIMES: dict[str, tuple[Change, tuple[str, ...], frozenset[str]]] = {
    "a_week_late": (partial(_whole, lambda c: c + pd.Timedelta(days=7)), FORMATS, FAULTS),
    "a_year_early": (partial(_whole, lambda c: c - pd.Timedelta(days=365)), FORMATS, FAULTS),
    "two_centuries_early": (
        partial(_whole, lambda c: c - pd.Timedelta(days=73_000)),
        FORMATS,
        FAULTS,
    ),
    "epoch": (partial(_whole, lambda c: c.astype("int64") * 1.0), FORMATS, FAULTS),
    "words": (partial(_whole, lambda c: c.dt.strftime("%d. %B")), FORMATS, FAULTS),
    "all_null": (partial(_whole, lambda c: c.where(c.isna())), FORMATS, FAULTS),
}
_BY_COLUMN = {"region": TEXTS, "employed": FLAGS, "time": TIMES}


def poisons(seed: int) -> Iterator[Poison]:
    """Return each fault in each column, at each place, in each format that can hold it."""
    for column in NUMBERS:
        for name, (change, formats) in CELLS.items():
            for place, at in PLACES.items():
                for ending in formats:
                    make = partial(_made, change, column, at, ending, seed)
                    yield Poison(f"{column}: {name} at {place}.{ending}", ending, make)
        yield from _columns(column, NUMERIC, seed)
    for column, faults in _BY_COLUMN.items():
        yield from _columns(column, faults, seed)


def _columns(column: str, faults: dict[str, Any], seed: int) -> Iterator[Poison]:
    for name, (change, formats, expected) in faults.items():
        for ending in formats:
            for more in range(2):
                make = partial(_made, change, column, [], ending, seed + more)
                yield Poison(f"{column}: {name} ({more}).{ending}", ending, make, expected)


def _made(change: Change, column: str, at: list[int], ending: str, seed: int) -> bytes:
    table = change(week(seed), column, at)
    if ending == "arrow" and not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table, preserve_index=False)
    return written(table, ending)
