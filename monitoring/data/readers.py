"""Read a batch, a reference or labels: Parquet or CSV, only the columns that are needed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from monitoring.data.landing import tail

ROW_CAP = 200_000
SEED = 20260101
_NULLS = ["", "NULL", "null", "NaN", "nan"]


class Unreadable(Exception):
    """The file cannot be read."""


@dataclass(frozen=True)
class Frame:
    """A table as read, with what the file as a whole holds."""

    table: Any  # pyarrow.Table, without repeated columns
    names: list[str]
    rows: int

    @property
    def sampled(self) -> bool:
        """Say whether the row cap left rows out."""
        return bool(self.table.num_rows < self.rows)


def read(
    path: str,
    *,
    kind: str = "parquet",
    columns: Collection[str] | None = None,
    strings: Collection[str] = (),
    row_cap: int = ROW_CAP,
) -> Frame:
    """Read the named columns (all when None); `strings` are not to be guessed into numbers."""
    where = tail(path)
    try:
        filesystem, inner = fsspec.core.url_to_fs(path)
        with filesystem.open(inner, "rb") as file:
            if file.seek(0, 2) == 0:
                raise Unreadable(f"The file {where} is empty: it has 0 bytes; write it again")
            file.seek(0)
            if kind == "csv":
                return _read_csv(file, inner, columns, strings, row_cap)
            return _read_parquet(file, columns, row_cap)
    except MemoryError:
        raise  # Arrow's is also an ArrowException, but the file may be sound
    except FileNotFoundError as error:
        raise Unreadable(f"The file {where} is no longer there; deliver it again") from error
    except PermissionError as error:
        raise Unreadable(f"The file {where} may not be read by Muster; grant access") from error
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        name = "CSV" if kind == "csv" else "Parquet"
        message = f"The file {where} is not readable as {name}, it may be cut off; write it again"
        raise Unreadable(message) from error


def _read_parquet(file: Any, columns: Collection[str] | None, row_cap: int) -> Frame:
    schema = parquet.read_schema(file)
    file.seek(0)
    names = list(schema.names)
    wanted = [name for name in _once(names) if columns is None or name in columns]
    # Strings stay codes: scoring them as objects costs ten times as much.
    texts = [name for name in wanted if _is_text(schema.field(name).type)]
    source = parquet.ParquetFile(file, read_dictionary=texts, pre_buffer=False)
    rows = source.metadata.num_rows
    if rows <= row_cap:
        return Frame(source.read(columns=wanted, use_threads=False), names, rows)
    keep = _sample(rows, row_cap)
    parts, seen = [], 0
    for batch in source.iter_batches(batch_size=65_536, columns=wanted, use_threads=False):
        first, last = np.searchsorted(keep, [seen, seen + batch.num_rows])
        parts.append(batch.take(pa.array(keep[first:last] - seen)))
        seen += batch.num_rows
    return Frame(pa.Table.from_batches(parts), names, rows)


def _read_csv(
    file: Any, path: str, columns: Collection[str] | None, strings: Collection[str], row_cap: int
) -> Frame:
    stream = pa.CompressedInputStream(file, "gzip") if path.endswith(".gz") else file
    table = csv.read_csv(
        stream,
        read_options=csv.ReadOptions(use_threads=False),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in strings},
            null_values=_NULLS,
            strings_can_be_null=True,
        ),
    )
    names, rows = list(table.column_names), table.num_rows
    unique = _once(names)
    table = table.select([names.index(name) for name in unique if not columns or name in columns])
    if rows > row_cap:
        table = table.take(pa.array(_sample(rows, row_cap)))
    return Frame(table, names, rows)


def _sample(rows: int, row_cap: int) -> Any:
    """Choose rows with a fixed seed, so that a second look sees the same ones."""
    return np.sort(np.random.default_rng(SEED).choice(rows, size=row_cap, replace=False))


def _once(names: list[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if names.count(name) == 1]


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
