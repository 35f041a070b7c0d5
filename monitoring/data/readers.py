"""Read a batch, a reference or labels in any format, only the columns that are needed.

What is read comes from strangers: a file may lie about its size, unpack to a thousand times as
much, or be no file of its kind. Each ends in a sentence; what outgrows the child's memory or time
in spite of the bounds here ends with the child.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pyarrow as pa
from pyarrow import parquet

from monitoring.data import arrow_files, mlflow_tables, text_files
from monitoring.data.frames import (
    ROW_CAP,
    SEED,
    Frame,
    TooLarge,
    Unreadable,
    Wanted,
    refuse_too_many,
)
from monitoring.data.landing import tail

__all__ = ["ROW_CAP", "SEED", "Frame", "TooLarge", "Unreadable", "peek", "read"]

_NAMES = {
    "parquet": "Parquet",
    "csv": "CSV",
    "arrow": "Arrow IPC",
    "jsonl": "JSON lines",
    "table": "a table of MLflow",
}
_STORES = ("botocore", "aiobotocore", "aiohttp")
_READERS: dict[str, Callable[[Any, Wanted, bool], Frame]] = {
    "parquet": arrow_files.read_parquet,
    "arrow": arrow_files.read_arrow,
    "csv": text_files.read_csv,
    "jsonl": text_files.read_json_lines,
    "table": mlflow_tables.read_table,
}


def read(
    path: str,
    *,
    kind: str = "parquet",
    columns: Collection[str] | None = None,
    strings: Collection[str] = (),
    row_cap: int = ROW_CAP,
) -> Frame:
    """Read the named columns (all when None); `strings` are not to be guessed into numbers."""
    with _opened(path, kind) as (file, packed):
        return _READERS[kind](file, Wanted(columns, strings, row_cap, tail(path)), packed)


def peek(path: str, *, kind: str) -> Any:
    """Return the Arrow schema of a Parquet or CSV file; of a CSV only its names are sure."""
    with _opened(path, kind) as (file, packed):
        schema = text_files.peek_csv(file, packed) if kind == "csv" else parquet.read_schema(file)
        refuse_too_many(list(schema.names), Wanted(None, (), ROW_CAP, tail(path)))
        return schema


@contextmanager
def _opened(path: str, kind: str) -> Iterator[tuple[Any, bool]]:
    """Open a file, and say of whatever goes wrong with it what a person can do."""
    where = tail(path)
    try:
        filesystem, inner = fsspec.core.url_to_fs(path)
        with filesystem.open(inner, "rb") as file:
            if file.seek(0, 2) == 0:
                raise Unreadable(f"The file {where} is empty: it has 0 bytes; write it again")
            file.seek(0)
            yield file, inner.endswith(".gz")
    except MemoryError as error:
        # Arrow's is also an ArrowException, but the file may be sound.
        raise _beyond_memory(where) from error
    except FileNotFoundError as error:
        raise Unreadable(f"The file {where} is no longer there; deliver it again") from error
    except PermissionError as error:
        raise Unreadable(f"The file {where} may not be read by Muster; grant access") from error
    except (pa.ArrowException, OSError, ValueError, EOFError, KeyError, TypeError) as error:
        name = _NAMES[kind]
        message = f"The file {where} is not readable as {name}, it may be cut off; write it again"
        raise Unreadable(message) from error
    except Exception as error:
        # A store's client raises exceptions of its own, which share no parent.
        if not type(error).__module__.startswith(_STORES):
            raise
        message = f"The file {where} could not be fetched; is its store up, are its keys right?"
        raise Unreadable(message) from error


def _beyond_memory(where: str) -> TooLarge:
    return TooLarge(
        f"The file {where} needs more memory than the judge may use; it is too large when"
        " unpacked: deliver fewer rows, or only the columns that the model needs"
    )
