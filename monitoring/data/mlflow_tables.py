"""Read a table as `mlflow.log_table` writes it: JSON with the names once and a list of rows."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.data.frames import (
    Frame,
    Malformed,
    TooLarge,
    Unreadable,
    Wanted,
    refuse_too_many,
    sample,
)

# Its text is parsed at once, which takes some ten times as much memory.
_MOST_TEXT = 128 * 2**20
_TIMES = (pa.timestamp("us", tz="UTC"), pa.timestamp("us"))


def read_table(file: Any, wanted: Wanted, packed: bool = False) -> Frame:
    """Read `{"columns": [...], "data": [[...], ...]}`; types are guessed from the values."""
    text = file.read(_MOST_TEXT + 1)
    if len(text) > _MOST_TEXT:
        raise TooLarge(
            f"The file {wanted.where} has more than {_MOST_TEXT // 2**20} MB of JSON; it is too"
            " large: log the table as Parquet (an artifact_file that ends in .parquet)"
        )
    names, rows = _parsed(text, wanted)
    refuse_too_many(names, wanted)
    wanted.go_on(len(rows))
    count = len(rows)
    if count > wanted.row_cap:
        rows = [rows[place] for place in sample(count, wanted.row_cap)]
    mine = wanted.among(names)
    arrays = [_column(name, rows, names.index(name), wanted) for name in mine]
    return Frame(pa.Table.from_arrays(arrays, names=mine), names, count)


def _parsed(text: bytes, wanted: Wanted) -> tuple[list[str], list[list[Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_table(wanted, "it is no JSON") from error
    if not isinstance(found, dict) or not {"columns", "data"} <= found.keys():
        raise _no_table(wanted, "it holds no columns and data")
    names, rows = found["columns"], found["data"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _no_table(wanted, "its columns are no list of names")
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == len(names) for row in rows
    ):
        raise _no_table(wanted, "a row does not hold one value for each column")
    return names, rows


def _no_table(wanted: Wanted, why: str) -> Unreadable:
    return Unreadable(
        f"The file {wanted.where} is no table as mlflow.log_table writes it: {why};"
        " log the table again (JSON with one object a line is named .jsonl)"
    )


def _column(name: str, rows: list[list[Any]], place: int, wanted: Wanted) -> Any:
    wanted.go_on()
    values = [row[place] for row in rows]
    if name in wanted.strings:
        values = [_text(value) for value in values]
    try:
        array = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        message = f"In {wanted.where} the column {name[:80]} changes its type; log the table again"
        raise Malformed(message) from error
    if pa.types.is_string(array.type) and name not in wanted.strings:
        return _times(array)
    return array


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    # A key that pandas took for a number must still meet its labels.
    whole = isinstance(value, float) and np.isfinite(value) and value == int(value)
    return str(int(value) if whole else value)


def _times(array: Any) -> Any:
    """Return texts that are all times as times, as the other readers guess them."""
    for kind in _TIMES:
        try:
            return pc.cast(array, kind)
        except pa.ArrowException:
            continue
    return array
