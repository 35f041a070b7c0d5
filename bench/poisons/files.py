"""Poison in the file: columns that lack or double, cut and false files, footers that lie."""

import gzip
import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.poisons.poison import FAULTS, FORMATS, MOVED, ROWS, Poison, week, written

_COLUMNS = ("income", "age", "balance", "region", "employed", "prediction", "time")
_TABLES: dict[str, tuple[Callable[[Any], Any], frozenset[str]]] = {
    "no_rows": (lambda t: t.iloc[:0], FAULTS),
    "one_row": (lambda t: t.iloc[:1], FAULTS),
    "nine_rows": (lambda t: t.iloc[:9], FAULTS),
    "half_repeated": (lambda t: pd.concat([t.iloc[: ROWS // 2]] * 2), FAULTS),
    "one_row_repeated": (lambda t: pd.concat([t.iloc[:1]] * ROWS), FAULTS),
    "one_id": (lambda t: t.assign(request_id="r"), FAULTS),
    "income_is_age": (lambda t: t.assign(income=t["age"], age=t["income"]), MOVED),
    "no_column_known": (lambda t: t.add_prefix("x_"), FAULTS),
    "upper_case": (lambda t: t.rename(columns=str.upper), FAULTS),
    "spaces": (lambda t: t.add_suffix(" "), FAULTS),
    "shifted_names": (lambda t: t.set_axis([*t.columns[1:], t.columns[0]], axis=1), FAULTS),
}


def poisons(seed: int) -> Iterator[Poison]:
    """Return the faults of whole files."""
    for ending in FORMATS:
        for name, (change, expected) in _TABLES.items():
            make = partial(_changed, change, ending, seed)
            yield Poison(f"file: {name}.{ending}", ending, make, expected)
        for column in _COLUMNS:
            lacking = partial(_changed, partial(_without, column), ending, seed)
            yield Poison(f"file: without {column}.{ending}", ending, lacking)
            renamed = partial(_changed, partial(_renamed, column), ending, seed)
            yield Poison(f"file: {column} renamed.{ending}", ending, renamed)
            doubled = partial(_doubled, column, ending, seed)
            yield Poison(f"file: {column} twice.{ending}", ending, doubled)
        yield from _cut(ending, seed)
        yield from _false(ending)
        yield from _flipped(ending, seed)
    yield from _lying(seed)
    yield from _csv(seed)


def _changed(change: Callable[[Any], Any], ending: str, seed: int) -> bytes:
    return written(change(week(seed)), ending)


def _without(column: str, table: Any) -> Any:
    return table.drop(columns=[column])


def _renamed(column: str, table: Any) -> Any:
    return table.rename(columns={column: f"{column}_2"})


def _doubled(column: str, ending: str, seed: int) -> bytes:
    table = pa.Table.from_pandas(week(seed), preserve_index=False)
    if ending.startswith("jsonl"):
        lines = [_twice(row, column) for row in table.to_pylist()]
        content = "\n".join(lines).encode()
        return gzip.compress(content, mtime=0) if ending.endswith(".gz") else content
    return written(table.append_column(column, table[column]), ending)


def _twice(row: dict[str, Any], column: str) -> str:
    again = json.dumps(row[column], default=str)
    return json.dumps(row, default=str)[:-1] + f', "{column}": {again}}}'


def _cut(ending: str, seed: int) -> Iterator[Poison]:
    def cut(share: float, less: int) -> bytes:
        whole = written(week(seed), ending)
        if ending in ("csv", "jsonl"):
            # Inside a line: at its end the rest is a sound, smaller file.
            middle = whole.find(b"\n", int(len(whole) * share) - less) + 12
            return whole[:middle]
        return whole[: int(len(whole) * share) - less]

    for share in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95):
        yield Poison(f"file: cut at {share:.0%}.{ending}", ending, partial(cut, share, 0))
    if ending in ("parquet", "arrow", "csv.gz", "jsonl.gz"):
        for less in (1, 4, 8, 12):
            yield Poison(f"file: {less} bytes short.{ending}", ending, partial(cut, 1, less))


def _false(ending: str) -> Iterator[Poison]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("batch.csv", "income\n1\n")
    contents = {
        "empty": b"",
        "one_byte": b"P",
        "zeros": bytes(20_000),
        "noise": random.Random(3).randbytes(20_000),
        "html": b"<!doctype html><html><body>502 Bad Gateway</body></html>\n",
        "json": b'{"error": "no such bucket"}\n',
        "pickle": pickle.dumps({"income": [1.0] * 500}),
        "zip": packed.getvalue(),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "magic_only": b"PAR1PAR1",
        "arrow_magic": b"ARROW1\0\0" + bytes(64) + b"ARROW1",
        "gzip_of_nothing": gzip.compress(b"", mtime=0),
        "line_ends": b"\n" * 5000,
        "quotes": b'"' * 5000,
        "braces": b"{" * 5000,
        "one_long_line": b"1," * 200_000,
    }
    for name, content in contents.items():
        if ending.endswith(".gz"):
            yield Poison(f"file: {name}, packed.{ending}", ending, partial(_packed, content))
        yield Poison(f"file: {name}.{ending}", ending, partial(bytes, content))
    for other in ("parquet", "csv", "arrow", "jsonl"):
        if other != ending:
            make = partial(_changed, lambda table: table, other, 7)
            yield Poison(f"file: {other} called {ending}", ending, make)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _flipped(ending: str, seed: int) -> Iterator[Poison]:
    """Bits that turned: what they change may be nothing, but the judge has to live through it."""

    def flip(number: int) -> bytes:
        content = bytearray(written(week(seed), ending))
        dice = random.Random(number)
        # Most of what can break a reader stands at the ends.
        edge = min(len(content), 3000)
        place = dice.choice([dice.randrange(edge), len(content) - 1 - dice.randrange(edge)])
        for turned in range(place, min(place + dice.choice([1, 1, 4, 16]), len(content))):
            content[turned] ^= 1 << dice.randrange(8)
        return bytes(content)

    for number in range(40 if ending in ("parquet", "arrow") else 10):
        yield Poison(f"file: bits flipped ({number}).{ending}", ending, partial(flip, number), None)


def _lying(seed: int) -> Iterator[Poison]:
    """Parquet whose footer tells other numbers of rows than its pages hold."""

    def lie(which: int, told: int) -> bytes:
        content = bytearray(written(week(seed), "parquet"))
        true, false = _varint(2 * ROWS), _varint(2 * told)
        start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        place = start - 1
        for _ in range(which + 1):
            place = content.find(true, place + 1)
            if place < 0:
                return bytes(content[:-1])  # no such number: cut instead
        content[place : place + 2] = false
        return bytes(content)

    for told in (64, 300, ROWS - 1, ROWS + 1, 2000, 8000):
        for which in range(10):
            name = f"file: footer tells {told} rows ({which}).parquet"
            # A number that nobody reads may lie; the first is the file's own.
            yield Poison(name, "parquet", partial(lie, which, told), FAULTS if which == 0 else None)


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80, value >> 7])


def _csv(seed: int) -> Iterator[Poison]:
    plain = partial(_changed, lambda table: table, "csv", seed)
    changes: dict[str, Callable[[bytes], bytes]] = {
        "utf_16": lambda c: c.decode().encode("utf-16"),
        "latin_1": lambda c: c.replace(b'"EU"', b'"\xe4\xf6"'),
        "semicolons": lambda c: c.replace(b",", b";"),
        "tabs": lambda c: c.replace(b",", b"\t"),
        "no_header": lambda c: c.split(b"\n", 1)[1],
        "two_headers": lambda c: c.split(b"\n", 1)[0] + b"\n" + c,
        "a_cell_more": lambda c: c.replace(b"\n", b",1\n").replace(b",1\n", b"\n", 1),
        "a_cell_less": lambda c: c[: c.rfind(b",")] + b"\n",
        "open_quote": lambda c: c.replace(b'"EU"', b'"EU', 1),
        "no_line_ends": lambda c: c.replace(b"\n", b" "),
        "preamble": lambda c: b"Report of 2026-08-03\n\n" + c,
        "total_below": lambda c: c + b"Total,1,1,1,1,1,1,1\n",
    }
    for name, change in changes.items():
        yield Poison(f"csv: {name}", "csv", partial(_then, change, plain))
        packed = partial(_then, _packed, partial(_then, change, plain))
        yield Poison(f"csv: {name}, packed", "csv.gz", packed)


def _then(change: Callable[[bytes], bytes], make: Callable[[], bytes]) -> bytes:
    return change(make())
