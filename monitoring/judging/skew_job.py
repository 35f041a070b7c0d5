"""Compare what serving logged with what the offline store holds, joined on entity and time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.checks.order import verdict
from monitoring.checks.skew_shapes import SkewSpec
from monitoring.checks.words import count, percent
from monitoring.data import readers
from monitoring.data.columns import Column, load
from monitoring.judging.protocol import Job, ReadingOut, Result

_VERSION = "muster 1"
_METHOD = "unequal_share"
_STAGE = "skew"
_MOST_OFFLINE = 5_000_000  # a sample of it would hold few rows of the other table
_NAMED = 5


@dataclass(frozen=True)
class _Sides:
    """One feature on both sides, row by row."""

    serving: Column
    offline: Column


def judge_skew(job: Job) -> Result:
    """Return which features are not the same in both tables; a missing one is never ok."""
    spec = SkewSpec.model_validate(job.spec, strict=False)
    wanted = {*spec.features, *spec.keys} if spec.features else None
    try:
        serving = readers.read(job.batch, kind=job.batch_format, columns=wanted, strings=spec.keys)
        offline = readers.read(
            job.reference,
            kind=job.reference_format,
            columns=wanted,
            strings=spec.keys,
            row_cap=_MOST_OFFLINE,
        )
    except readers.Unreadable as error:
        return Result(error.state, str(error), summary={"violations": [_plain(str(error))]})
    lacking = _lacking(spec, serving, offline)
    if lacking:
        return _fault(lacking, serving.rows)
    here, there = _keys(serving.table, spec.keys), _keys(offline.table, spec.keys)
    repeated = len(there) - len(pc.unique(there))
    if repeated > len(there) * 0.01:
        keys = " and ".join(spec.keys)
        said = f"{count(repeated)} of the offline table repeat {keys}: no row can be told"
        return _fault([said], serving.rows)
    place = pc.index_in(here, value_set=there)
    matched = pc.is_valid(place).to_numpy(zero_copy_only=False)
    found = int(matched.sum())
    if found < spec.min_rows or found < spec.min_matched * len(here):
        reason = (
            f"only {count(found)} of {len(here):,} that serving logged stand in the offline table;"
            f" {percent(spec.min_matched)} and {spec.min_rows:,} rows are needed"
        )
        return Result("not_evaluated", reason, rows=serving.rows)
    rows = place.filter(pa.array(matched))
    readings = [
        _reading(name, _sides(serving.table, offline.table, name, matched, rows), spec)
        for name in _features(spec, serving, offline)
    ]
    return _result(readings, spec, serving, found)


def _lacking(spec: SkewSpec, serving: readers.Frame, offline: readers.Frame) -> list[str]:
    said = []
    for title, frame in (("batch", serving), ("offline table", offline)):
        names = set(frame.table.column_names)
        missing = [name for name in (*spec.keys, *spec.features) if name not in names]
        said += [f"The {title} has no column {name}, or has it twice" for name in missing]
    if not said and not _features(spec, serving, offline):
        said.append("The batch and the offline table have no feature in common")
    return said


def _features(spec: SkewSpec, serving: readers.Frame, offline: readers.Frame) -> list[str]:
    both = set(offline.table.column_names) - set(spec.keys)
    return spec.features or [name for name in serving.table.column_names if name in both]


def _keys(table: Any, names: list[str]) -> Any:
    parts = []
    for name in names:
        column = table[name]
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            # Whatever unit and zone each side writes.
            column = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.int64())
        elif pa.types.is_floating(column.type):
            column = pc.cast(column, pa.int64(), safe=False)
        parts.append(pc.cast(column, pa.string()))
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _sides(serving: Any, offline: Any, name: str, matched: Any, rows: Any) -> _Sides:
    return _Sides(
        load(serving[name].filter(pa.array(matched)), as_time=False),
        load(offline[name].take(rows), as_time=False),
    )


def _reading(name: str, sides: _Sides, spec: SkewSpec) -> ReadingOut:
    one, other = sides.serving, sides.offline
    n = len(one.values)
    if one.family != other.family and {one.family, other.family} != {"category", "text"}:
        unequal = np.ones(n, dtype=bool)
        why = f"{name} is {one.family} at serving and {other.family} in the offline store"
    else:
        unequal = _unequal(sides, spec.relative, spec.tolerance.get(name, 0.0))
        why = f"{name} differs from the offline store in {percent(float(unequal.mean()))} of rows"
    share = float(unequal.mean())
    crossed = share > spec.limit
    return ReadingOut(
        feature=name, segment="", method=_METHOD, method_version=_VERSION, value=share,
        p_value=None, n_reference=n, n_current=n, limit=spec.limit, direction="max",
        crossed=crossed, note=why if crossed else "", stage=_STAGE,
    )  # fmt: skip


def _unequal(sides: _Sides, relative: float, tolerance: float) -> Any:
    one, other = sides.serving, sides.offline
    apart = one.missing != other.missing
    both = ~one.missing & ~other.missing
    if one.numeric:
        a, b = one.values[both], other.values[both]
        with np.errstate(invalid="ignore", over="ignore"):
            room = np.maximum(tolerance, relative * np.maximum(np.abs(a), np.abs(b)))
            # Infinite on both sides with one sign is equal, and has no distance.
            differs = (a != b) & ~(np.abs(a - b) <= room)
    elif one.labels or other.labels:
        places = {label: number for number, label in enumerate(other.labels)}
        coded = np.array([*(places.get(label, -2) for label in one.labels), -1])
        differs = coded[one.values[both]] != other.values[both]
    else:
        differs = one.values[both] != other.values[both]
    apart[both] = differs
    return apart


def _fault(said: list[str], rows: int) -> Result:
    return Result(
        "data_fault", "; ".join(said[:_NAMED]), rows=rows,
        summary={"violations": [_plain(one) for one in said]},
    )  # fmt: skip


def _plain(detail: str) -> dict[str, str]:
    return {"column": "", "rule": "skew", "detail": detail}


def _result(
    readings: list[ReadingOut], spec: SkewSpec, serving: readers.Frame, found: int
) -> Result:
    crossed = sorted((one for one in readings if one.crossed), key=lambda one: -(one.value or 0))
    state = verdict(["data_fault" if crossed else "ok"])
    return Result(
        state=state,
        reason="; ".join(one.note for one in crossed[:_NAMED]),
        rows=serving.rows,
        readings=tuple(readings),
        summary={
            "worst": [
                {"feature": one.feature, "segment": "", "method": one.method, "value": one.value,
                 "limit": one.limit, "sentence": one.note}
                for one in crossed[:_NAMED]
            ],
            "violations": [
                {"column": one.feature, "rule": "skew", "detail": one.note} for one in crossed
            ],
            "notes": [f"{count(found)} were found in both tables"],
            "crossed": len(crossed),
            "scored": len(readings),
        },
        made_with={"row_cap": readers.ROW_CAP, "seed": readers.SEED, "sampled": serving.sampled},
    )  # fmt: skip
