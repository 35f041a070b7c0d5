"""Join labels to the rows of a batch, and bring both to values that a metric can compare."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.data import readers
from monitoring.data.columns import Column, load
from monitoring.data.landing import format_of, tail
from monitoring.data.readers import Frame


class BadLabels(Exception):
    """A label file, or what it holds, cannot be used."""


@dataclass(frozen=True)
class Truth:
    """For each row of the batch what came true, and whether that is known."""

    values: Column
    known: Any


def join(ids: Column, frame: Frame, paths: list[str], label: str) -> Truth:
    """Look up each row's label by request_id; a later file corrects an earlier one."""
    tables = [_read(path, label) for path in paths]
    if not tables:
        blank = np.full(frame.table.num_rows, np.nan)
        return Truth(Column("number", blank, (), np.isnan(blank)), np.zeros(len(blank), bool))
    keys = pa.concat_arrays([key for key, _ in tables])
    values = pa.chunked_array(_same_type([value for _, value in tables]))
    # Of repeated keys the last one counts: look from the end.
    last = pc.subtract(len(keys) - 1, pc.index_in(_batch_ids(frame), value_set=keys[::-1]))
    found = load(values.take(last))
    return Truth(found, ~found.missing)


def _batch_ids(frame: Frame) -> Any:
    return pc.cast(frame.table["request_id"], pa.string()).combine_chunks()


def _read(path: str, label: str) -> tuple[Any, Any]:
    frame = readers.read(
        path,
        kind=format_of(path),
        columns={"request_id", label},
        strings=["request_id"],
        row_cap=10**9,
    )
    missing = sorted({"request_id", label} - set(frame.table.column_names))
    if missing:
        raise BadLabels(f"The label file {tail(path)} has no column {' and no '.join(missing)}")
    table = frame.table
    keys = pc.cast(table["request_id"], pa.string()).combine_chunks()
    values = table[label]
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, pa.string())
    return keys, values.combine_chunks()


def _same_type(parts: list[Any]) -> list[Any]:
    types = {part.type for part in parts}
    if len(types) == 1:
        return parts
    numeric = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in types)
    return [pc.cast(part, pa.float64() if numeric else pa.string()) for part in parts]


def numbers(column: Column) -> Any:
    """Return floats for a column of numbers, flags, or 0/1 written as text."""
    if column.numeric:
        return column.values
    if column.family == "flag":
        return np.where(column.missing, np.nan, column.values.astype(float))
    if column.family == "empty":
        return np.full(len(column.values), np.nan)
    if column.family not in ("category", "text"):
        raise BadLabels("numbers are needed, but there are times or lists")
    try:
        table = np.array([*map(float, column.labels), np.nan])
    except ValueError as error:
        shown = ", ".join(column.labels[:3])
        raise BadLabels(f"numbers are needed, but there are values such as {shown}") from error
    return table[column.values]


def comparable(
    truth: Column,
    answer: Column,
    threshold: float | None,
    *,
    as_classes: bool,
    as_outcome: bool,
) -> tuple[Any, Any]:
    """Return both sides for a metric, rows without an answer left out."""
    keep = ~answer.missing & ~truth.missing
    truth, answer = truth.at(keep), answer.at(keep)
    if as_classes or as_outcome:
        positive = _positive(truth)
        actual = _is(truth, positive)
        if as_outcome:
            return actual, numbers(answer)
        if answer.numeric and not set(np.unique(answer.values)) <= {0.0, 1.0}:
            return actual, (answer.values >= (0.5 if threshold is None else threshold)).astype(int)
        return actual, _is(answer, positive)
    return numbers(truth), numbers(answer)


def _positive(truth: Column) -> str | float:
    """Return the positive class: 1, true, or the later of two names."""
    if truth.numeric:
        values = np.unique(truth.values)
        if not set(values) <= {0.0, 1.0}:
            raise BadLabels("labels of a classification must be 0 and 1, or two names")
        return 1.0
    if truth.family == "flag":
        return "true"
    if len(truth.labels) > 2:
        raise BadLabels(f"labels have {len(truth.labels)} values; two are needed")
    return max(truth.labels) if truth.labels else ""


def _is(column: Column, positive: str | float) -> Any:
    if column.numeric:
        if isinstance(positive, str):
            positive = 1.0
        return (column.values == positive).astype(int)
    text = positive if isinstance(positive, str) else "1"
    names = {text, "true"} if positive in (1.0, "true") else {text}
    wanted = [number for number, label in enumerate(column.labels) if label in names]
    return np.isin(column.values, wanted).astype(int)
