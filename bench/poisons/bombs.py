"""Small files that unpack to far more than a judge may hold, or would take far too long."""

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import pyarrow as pa
from pyarrow import parquet

from bench.poisons.poison import FAULTS, Poison, week, written

# Reaching the end of a job's time is an end too: it is told, and the judge lives on.
_ENDED = FAULTS | {"failed", "not_evaluated"}


def poisons() -> Iterator[Poison]:
    """Return the bombs."""
    bombs: dict[str, tuple[str, Callable[[], bytes]]] = {
        "line ends": ("csv.gz", partial(_repeated, b"", b"\n" * 2**20, 2000)),
        "rows of one cell": ("csv.gz", partial(_repeated, b"income\n", b"1\n" * 2**19, 300)),
        "one endless cell": ("csv.gz", partial(_repeated, b"income\n", b"1" * 2**20, 3000)),
        "an endless header": ("csv.gz", partial(_repeated, b"", b"income" * 2**17, 500)),
        "endless commas": ("csv.gz", partial(_repeated, b"", b"," * 2**20, 200)),
        "zeros": ("csv.gz", partial(_repeated, b"", bytes(2**20), 2000)),
        "open quote": ("csv.gz", partial(_repeated, b'income\n"', b"1\n" * 2**19, 1000)),
        "objects": ("jsonl.gz", partial(_repeated, b"", b'{"income":1}\n' * 80_000, 1000)),
        "an endless text": ("jsonl.gz", partial(_repeated, b'{"income":"', b"1" * 2**20, 600)),
        "brackets": ("jsonl.gz", partial(_repeated, b'{"income":', b"[" * 2**20, 60)),
        "blanks": ("jsonl.gz", partial(_repeated, b"", b" " * 2**20, 600)),
        "columns": ("jsonl.gz", partial(_many_keys, 300_000)),
        "texts of 20 GB": ("parquet", partial(_texts, 20_000, 1_000_000)),
        "bytes of 20 GB": ("parquet", partial(_binary, 20_000, 1_000_000)),
        "a billion rows": ("parquet", partial(_constant, 400_000_000)),
        "lists of lists": ("parquet", partial(_nested, 200_000)),
        "20,000 columns": ("parquet", partial(_wide, 20_000, "parquet")),
        "20,000 columns of Arrow": ("arrow", partial(_wide, 20_000, "arrow")),
        "20,000 columns of text": ("csv", partial(_wide, 20_000, "csv")),
        "zeros packed by zstd": ("arrow", partial(_zeros, 600_000_000)),
        "distinct texts": ("parquet", partial(_distinct, 150_000)),
        "packed twice": ("csv.gz", lambda: gzip.compress(_repeated(b"a\n", b"1\n" * 2**19, 100))),
    }
    for name, (ending, make) in bombs.items():
        expected = None if name == "distinct texts" else _ENDED
        yield Poison(f"bomb: {name}.{ending}", ending, make, expected)


def _repeated(first: bytes, part: bytes, times: int) -> bytes:
    """Pack the parts without ever holding them all."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    found = [packer.compress(first)]
    found += [packer.compress(part) for _ in range(times)]
    return b"".join([*found, packer.flush()])


def _many_keys(count: int) -> bytes:
    return gzip.compress(json.dumps({f"c{n}": n for n in range(count)}).encode())


def _texts(length: int, rows: int) -> bytes:
    """One long text, a million times: a dictionary of one entry."""
    codes = pa.array([0] * 1000, pa.int32()).take(pa.array([0] * rows, pa.int32()))
    column = pa.DictionaryArray.from_arrays(codes, pa.array(["x" * length]))
    return _parquet(pa.table({"income": column, "region": column}))


def _binary(length: int, rows: int) -> bytes:
    values = pa.array([b"x" * length])
    sink = io.BytesIO()
    schema = pa.schema([("income", pa.binary())])
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for _ in range(rows // 20_000):
            some = values.take(pa.array([0] * 20_000))
            writer.write_table(pa.table([some], schema=schema))
    return sink.getvalue()


def _constant(rows: int) -> bytes:
    sink = io.BytesIO()
    schema = pa.schema([("income", pa.float64())])
    part = pa.table([pa.repeat(1.5, 20_000_000)], schema=schema)
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for _ in range(rows // 20_000_000):
            writer.write_table(part)
    return sink.getvalue()


def _nested(rows: int) -> bytes:
    inner = pa.array([[[1.0] * 100]]).take(pa.array([0] * rows))
    return _parquet(pa.table({"income": inner}))


def _wide(columns: int, ending: str) -> bytes:
    one = pa.array([1.0, 2.0])
    return written(pa.table({f"c{n}": one for n in range(columns)}), ending)


def _zeros(rows: int) -> bytes:
    sink = io.BytesIO()
    schema = pa.schema([("income", pa.float64())])
    part = pa.record_batch([pa.repeat(0.0, 50_000_000)], schema=schema)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for _ in range(rows // 50_000_000):
            writer.write_batch(part)
    return sink.getvalue()


def _distinct(rows: int) -> bytes:
    table = week().iloc[[0] * rows].reset_index(drop=True)
    names = [f"text {n}" for n in range(rows)]
    return written(table.assign(region=names, request_id=names), "parquet")


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()
