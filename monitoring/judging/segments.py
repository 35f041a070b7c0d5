"""The parts of a batch that are judged on their own, and the rows of the reference they face."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.checks.shapes import DataSpec
from monitoring.data import moments
from monitoring.data.columns import Column
from monitoring.data.pairs import as_codes


@dataclass(frozen=True)
class Part:
    """One segment: its column, its value, and its rows on both sides."""

    column: str
    value: str
    here: Any  # of the batch
    there: Any  # of the reference

    @property
    def name(self) -> str:
        return f"{self.column}={self.value}"[:250]


def sides_of(
    name: str, spec: DataSpec, reference: Mapping[str, Column], current: Mapping[str, Column]
) -> tuple[Column, Column] | str:
    """Return the segment's column on both sides as categories, or why there is none."""
    if name.startswith("@"):
        now, then = current.get(spec.time), reference.get(spec.time)
        if now is None or now.family != "time":
            return f"the batch has no times in {spec.time}"
        if name != "@day" and (then is None or then.family != "time"):
            return f"the reference has no times in {spec.time}"
        part = name.removeprefix("@")
        return moments.part(then if then is not None else now, part), moments.part(now, part)
    if name not in current or name not in reference:
        return "there is no such column"
    then, now = as_codes(reference[name]), as_codes(current[name])
    if now.family == "text" or not now.labels:
        return "too many values"
    return then, now


def parts(
    spec: DataSpec,
    reference: Mapping[str, Column],
    current: Mapping[str, Column],
    notes: list[str],
) -> Iterator[Part]:
    """Yield every segment with enough rows on both sides; say which could not be judged."""
    for name in spec.segments:
        found = sides_of(name, spec, reference, current)
        if isinstance(found, str):
            notes.append(f"Segments by {name} were not judged: {found}")
            continue
        then, now = found
        places = {label: number for number, label in enumerate(then.labels)}
        everything = np.ones(len(next(iter(reference.values())).values), bool)
        for number, label in enumerate(now.labels):
            here = now.values == number
            # A day of this window is in no reference: it faces all of it.
            if name == "@day":
                there = everything
            elif label in places:
                there = then.values == places[label]
            else:
                continue
            least = min(np.count_nonzero(here), np.count_nonzero(there))
            if least >= spec.segment_min_rows:
                yield Part(name, label, here, there)
