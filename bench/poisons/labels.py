"""Poison in the labels of a window."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from bench.poisons.poison import FAULTS, FORMATS, Poison, week, written

_NOT_OK = FAULTS | {"not_evaluated", "breach"}
_CHANGES: dict[str, Callable[[Any], Any]] = {
    "no_label": lambda t: t.drop(columns=["label"]),
    "no_id": lambda t: t.drop(columns=["request_id"]),
    "no_rows": lambda t: t.iloc[:0],
    "all_null": lambda t: t.assign(label=np.nan),
    "mostly_null": lambda t: t.assign(label=t["label"].where(t.index % 10 == 0)),
    "three_classes": lambda t: t.assign(label=np.arange(len(t)) % 3),
    "one_class": lambda t: t.assign(label=1),
    "words": lambda t: t.assign(label=[f"word{n}" for n in range(len(t))]),
    "times": lambda t: t.assign(label=pd.date_range("2026-08-03", periods=len(t))),
    "infinite": lambda t: t.assign(label=t["label"] * 1e308),
    "other_ids": lambda t: t.assign(request_id="x" + t["request_id"]),
    "one_id": lambda t: t.assign(request_id="r7-0"),
    "null_ids": lambda t: t.assign(request_id=pd.Series([None] * len(t), dtype=object)),
    "cut": lambda t: t,
}


def poisons(seed: int) -> Iterator[Poison]:
    """Return the faults of label files."""
    for name, change in _CHANGES.items():
        for ending in FORMATS:
            make = partial(_made, change, ending, seed, name == "cut")
            yield Poison(f"labels: {name}.{ending}", ending, make, _NOT_OK, "labels")


def _made(change: Callable[[Any], Any], ending: str, seed: int, cut: bool) -> bytes:
    table = week(7)[["request_id", "prediction"]]
    label = (np.random.default_rng(seed).random(len(table)) < table["prediction"]) * 1
    content = written(change(table.drop(columns=["prediction"]).assign(label=label)), ending)
    return content[: len(content) // 3] if cut else content
