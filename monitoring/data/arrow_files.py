"""Read Parquet and Arrow IPC: only the needed columns, texts as codes, nothing believed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from monitoring.data.frames import Frame, Reservoir, Unreadable, Wanted, refuse_too_many, sample

_BATCH = 65_536
_FILE_MAGIC = b"ARROW1"


def read_parquet(file: Any, wanted: Wanted, packed: bool = False) -> Frame:
    """Read a Parquet file, sampled above the row cap."""
    opened = parquet.ParquetFile(file, pre_buffer=False)
    schema = opened.schema_arrow
    names = list(schema.names)
    refuse_too_many(names, wanted)
    mine = wanted.among(names)
    readable = [name for name in mine if _is_plain(schema.field(name).type)]
    # Strings stay codes: scoring them as objects costs ten times as much.
    texts = [name for name in readable if _is_text(schema.field(name).type)]
    file.seek(0)
    source = parquet.ParquetFile(
        file, metadata=opened.metadata, read_dictionary=texts, pre_buffer=False
    )
    rows = source.metadata.num_rows
    wanted.go_on(rows)
    table = _read(source, readable, rows, wanted)
    return Frame(_with_others(table, mine, readable), names, rows)


def _read(source: Any, columns: list[str], rows: int, wanted: Wanted) -> Any:
    if rows <= wanted.row_cap:
        table = source.read(columns=columns, use_threads=False)
        _believe(table.num_rows, rows, wanted)
        return table
    keep = sample(rows, wanted.row_cap)
    parts, seen = [], 0
    for batch in source.iter_batches(batch_size=_BATCH, columns=columns, use_threads=False):
        first, last = np.searchsorted(keep, [seen, seen + batch.num_rows])
        parts.append(batch.take(pa.array(keep[first:last] - seen)))
        seen += batch.num_rows
        wanted.go_on(seen)
    _believe(seen, rows, wanted)
    return pa.Table.from_batches(parts)


def _believe(found: int, told: int, wanted: Wanted) -> None:
    if found != told:
        raise Unreadable(
            f"The file {wanted.where} holds {found:,} rows but says that it has {told:,};"
            " write it again"
        )


def read_arrow(file: Any, wanted: Wanted, packed: bool = False) -> Frame:
    """Read an Arrow IPC file or stream; what its buffers say is checked before it is used."""
    is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    file.seek(0)
    source = pa.PythonFile(file, mode="r")
    schema = (pa.ipc.open_file if is_file else pa.ipc.open_stream)(source).schema
    names = list(schema.names)
    refuse_too_many(names, wanted)
    mine = wanted.among(names)
    readable = [name for name in mine if _is_plain(schema.field(name).type)]
    fields = sorted(names.index(name) for name in readable)
    readable = [names[number] for number in fields]
    # Without a column left over, the number of rows would be lost too.
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    file.seek(0)
    found = Reservoir(wanted.row_cap)
    for batch in _batches(pa.PythonFile(file, mode="r"), options, is_file):
        batch.validate(full=True)
        found.add(batch)
        wanted.go_on(found.rows)
    empty = pa.schema([schema.field(number) for number in fields]).empty_table()
    table = found.table()
    table = empty if table is None else table.select(readable)
    return Frame(_with_others(table, mine, readable), names, found.rows)


def _batches(source: Any, options: Any, is_file: bool) -> Iterator[Any]:
    if is_file:
        opened = pa.ipc.open_file(source, options=options)
        for number in range(opened.num_record_batches):
            yield opened.get_batch(number)
    else:
        yield from pa.ipc.open_stream(source, options=options)


def _with_others(table: Any, names: list[str], read: list[str]) -> Any:
    """Put in, for columns that are no plain values, that they are there and what they are not."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    missing = pa.nulls(table.num_rows, pa.list_(pa.null()))
    chosen = [columns[name] if name in read else missing for name in names]
    if not chosen:
        return table
    return pa.table(chosen, names=names)


def _is_plain(kind: Any) -> bool:
    """Say whether a column holds one value a row that can be judged; bytes and lists cannot."""
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    times = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    return bool(
        numeric or times or _is_text(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)
    )


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
