"""Read CSV and JSON lines, plain or packed by gzip; what they unpack to is counted."""

import io
import re
from typing import Any

import pyarrow as pa
from pyarrow import csv
from pyarrow import json as lines

from monitoring.data.frames import (
    Frame,
    Malformed,
    Reservoir,
    TooLarge,
    Wanted,
    refuse_too_many,
    sample,
)

NULLS = ["", "NULL", "null", "NaN", "nan"]
# Up to here a CSV is read at once, which guesses types from all of it.
_AT_ONCE = 64 * 2**20
_BLOCK = 16 * 2**20
_MOST_TEXT = 16 * 2**30
_MOST_LINES = 512 * 2**20
_COLUMN = re.compile(r"Column\(/(.{0,80}?)\) (changed from \w+ to \w+|was specified twice)")


class _Counted(io.RawIOBase):
    """A stream of text that ends, with TooLarge, where it grows beyond all measure."""

    def __init__(self, stream: Any, wanted: Wanted, most: int) -> None:
        super().__init__()
        self._stream, self._wanted, self._most = stream, wanted, most
        self._size = 0
        self.overflow: TooLarge | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = bytes(self._stream.read(size if size >= 0 else self._most + 1))
        self._size += len(found)
        if self._size > self._most:
            self.overflow = TooLarge(
                f"The file {self._wanted.where} unpacks to more than {self._most // 2**20:,} MB"
                " of text; it is too large: deliver Parquet, or fewer rows"
            )
            raise self.overflow
        return found


def _unpacked(file: Any, packed: bool) -> Any:
    file.seek(0)
    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "gzip") if packed else file


def read_csv(file: Any, wanted: Wanted, packed: bool) -> Frame:
    """Read a CSV file; a large one by and by, of which a seeded sample stays."""
    start = _unpacked(file, packed).read(_AT_ONCE + 1)
    if not start:
        raise Malformed(f"The file {wanted.where} is empty once it is unpacked; write it again")
    if len(start) > _AT_ONCE:
        return _read_large_csv(file, wanted, packed)
    table = csv.read_csv(
        pa.BufferReader(start),
        read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK),
        convert_options=_conversion(wanted),
    )
    names, rows = list(table.column_names), table.num_rows
    refuse_too_many(names, wanted)
    table = table.select([names.index(name) for name in wanted.among(names)])
    if rows > wanted.row_cap:
        table = table.take(pa.array(sample(rows, wanted.row_cap)))
    return Frame(table, names, rows)


def _conversion(wanted: Wanted) -> Any:
    return csv.ConvertOptions(
        column_types={name: pa.string() for name in wanted.strings},
        null_values=NULLS,
        strings_can_be_null=True,
    )


def peek_csv(file: Any, packed: bool) -> Any:
    """Return the schema that the first rows suggest."""
    options = csv.ReadOptions(use_threads=False)
    return csv.open_csv(_unpacked(file, packed), read_options=options).schema


def _read_large_csv(file: Any, wanted: Wanted, packed: bool) -> Frame:
    names = list(peek_csv(file, packed).names)
    refuse_too_many(names, wanted)
    mine = wanted.among(names)
    counted = _Counted(_unpacked(file, packed), wanted, _MOST_TEXT)
    try:
        # As texts: types guessed from the first rows alone would fail on later ones.
        opened = csv.open_csv(
            pa.PythonFile(counted, mode="r"),
            read_options=csv.ReadOptions(
                use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=1
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(mine, pa.string()), include_columns=mine
            ),
        )
        found = Reservoir(wanted.row_cap)
        for batch in opened:
            found.add(batch)
            wanted.go_on(found.rows)
    except pa.ArrowException:
        if counted.overflow is not None:
            raise counted.overflow from None
        raise
    table = found.table()
    if table is None:
        raise Malformed(f"The file {wanted.where} holds no row; write it again")
    return Frame(_typed(table, wanted), names, found.rows)


def _typed(texts: Any, wanted: Wanted) -> Any:
    """Guess the types of a sample as those of a small file are guessed."""
    sink = pa.BufferOutputStream()
    csv.write_csv(texts, sink)
    return csv.read_csv(
        pa.BufferReader(sink.getvalue()),
        read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK),
        convert_options=_conversion(wanted),
    )


def read_json_lines(file: Any, wanted: Wanted, packed: bool) -> Frame:
    """Read one object a line."""
    data = _unpacked(file, packed).read(_MOST_LINES + 1)
    if len(data) > _MOST_LINES:
        raise TooLarge(
            f"The file {wanted.where} unpacks to more than {_MOST_LINES // 2**20} MB of JSON;"
            " it is too large: deliver Parquet, or fewer rows"
        )
    if not data.strip():
        raise Malformed(f"The file {wanted.where} holds no object; write one a line")
    # The parser needs minutes for so many names; they can be counted before.
    refuse_too_many([""] * data[: data.find(b"\n")].count(b'":'), wanted)
    table = _parse(data, wanted, [])
    names, rows = list(table.column_names), table.num_rows
    refuse_too_many(names, wanted)
    # Texts that look like times are taken for some.
    guessed = [
        name for name in wanted.strings
        if name in names and pa.types.is_timestamp(table.schema.field(name).type)
    ]  # fmt: skip
    if guessed:
        table = _parse(data, wanted, guessed)
    table = table.select(wanted.among(names))
    if rows > wanted.row_cap:
        table = table.take(pa.array(sample(rows, wanted.row_cap)))
    return Frame(table, names, rows)


def _parse(data: bytes, wanted: Wanted, texts: list[str]) -> Any:
    try:
        return lines.read_json(
            pa.BufferReader(data),
            read_options=lines.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=lines.ParseOptions(
                explicit_schema=pa.schema([(name, pa.string()) for name in texts])
            ),
        )
    except pa.ArrowInvalid as error:
        found = _COLUMN.search(str(error))
        if found is None:
            raise
        what = found[2].replace("was specified twice", "stands twice in one object")
        raise Malformed(f"In {wanted.where} the column {found[1]} {what}; write it again") from None
