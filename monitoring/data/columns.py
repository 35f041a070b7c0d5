"""Columns of a table as numpy arrays: numbers, codes of categories, or times."""

from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.checks.learning import MAX_LISTED
from monitoring.statistics.ranks import Ranks

Array = Any  # numpy.ndarray
SCORED = ("number", "category", "flag")  # the families that a drift method can look at


class Described(Protocol):
    """What contracts and scores ask of a column, whether its rows are here or elsewhere."""

    @property
    def family(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> int: ...
    @property
    def nulls(self) -> int: ...
    @property
    def distinct(self) -> int: ...
    @property
    def counts(self) -> Array: ...
    @property
    def ranks(self) -> Ranks: ...
    @property
    def numeric(self) -> bool: ...
    @property
    def scorable(self) -> bool: ...


@dataclass(frozen=True)
class Counted:
    """One column whose rows are elsewhere; the counts came from there."""

    family: str
    rows: int
    nulls: int = 0
    labels: tuple[str, ...] = ()
    counts: Array = None  # of the labels
    distinct: int = 0
    told: Ranks | None = None  # of numbers

    @property
    def numeric(self) -> bool:
        return self.family == "number"

    @property
    def scorable(self) -> bool:
        """Say whether a drift method can look at it."""
        return self.family in SCORED

    @property
    def ranks(self) -> Ranks:
        """The numbers; a column without any has an empty array of them."""
        return self.told or Ranks(np.empty(0))


@dataclass(frozen=True)
class Column:
    """One column; `values` holds floats, codes (-1 is null) or microseconds, by family."""

    family: str
    values: Array
    labels: tuple[str, ...] = ()
    missing: Array = None  # True where there is no value
    tallied: Array = None  # how many rows have each label, where reading has counted them

    @property
    def numeric(self) -> bool:
        return self.family == "number"

    @property
    def scorable(self) -> bool:
        """Say whether a drift method can look at it."""
        return self.family in SCORED

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def nulls(self) -> int:
        return int(np.count_nonzero(self.missing))

    @property
    def distinct(self) -> int:
        """How many different labels occur."""
        return int((self.counts > 0).sum())

    def at(self, rows: Array) -> "Column":
        """Return the column with only these rows."""
        return Column(self.family, self.values[rows], self.labels, self.missing[rows])

    def present(self) -> Array:
        """Return the values that are there (and finite)."""
        if self.numeric:
            finite = np.isfinite(self.values)
            return self.values if finite.all() else self.values[finite]
        return self.values[~self.missing] if self.missing.any() else self.values

    @cached_property
    def ranks(self) -> Ranks:
        """What comparisons ask of the numbers; worked out once, whoever asks."""
        return Ranks(self.present())

    @cached_property
    def counts(self) -> Array:
        """How many rows have each label."""
        if self.tallied is not None:
            return self.tallied
        return np.bincount(self.present(), minlength=len(self.labels))


def load_all(table: Any, *, time: str = "", leave_out: Container[str] = ()) -> dict[str, Column]:
    """Return the columns of an Arrow table by name; of `time`, ISO strings are read as times."""
    return {
        name: load(table[name], as_time=name == time)
        for name in table.column_names
        if name not in leave_out
    }


def load(data: Any, *, as_time: bool = False) -> Column:
    """Turn an Arrow column into a Column; `as_time` reads ISO strings as times."""
    kind = data.type
    if pa.types.is_null(kind):
        return _blank("empty", len(data))
    if pa.types.is_dictionary(kind):
        if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type):
            return _times_of(data) or _codes(data) if as_time else _codes(data)
        return load(pc.cast(data, kind.value_type), as_time=as_time)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found = _times_of(data) if as_time else None
        return found or _codes(pc.dictionary_encode(data))
    if pa.types.is_boolean(kind):
        return _flags(data)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _times(data)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        values = _joined(pc.cast(data, pa.float64(), safe=False)).to_numpy(zero_copy_only=False)
        return Column("number", values, (), np.isnan(values))
    return _blank("other", len(data))


def _joined(data: Any) -> Any:
    if not isinstance(data, pa.ChunkedArray):
        return data
    # Of a single piece, combine_chunks makes a copy.
    return data.chunk(0) if data.num_chunks == 1 else data.combine_chunks()


def _blank(family: str, rows: int) -> Column:
    return Column(family, np.full(rows, np.nan), (), np.full(rows, family == "empty"))


def repeated(data: Any) -> int:
    """Count the values of an Arrow column that came before; nulls are none."""
    kind = data.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        data = pc.dictionary_encode(data)
    if pa.types.is_dictionary(data.type):
        # The texts themselves are not looked at: of identifiers there is one a row.
        codes, _ = _coded(data)
        present = codes[codes >= 0]
        return len(present) - int(np.count_nonzero(np.bincount(present)))
    column = load(data)
    present = column.values[~column.missing]
    return len(present) - len(np.unique(present))


def _coded(data: Any) -> tuple[Array, Any]:
    """Return the code of each row (-1 is null) and the labels, as Arrow has them."""
    if isinstance(data, pa.ChunkedArray):
        data = data.unify_dictionaries()
        pieces = [_indices(chunk) for chunk in data.chunks]
        raw = pieces[0] if len(pieces) == 1 else np.concatenate(pieces or [np.empty(0)])
        labels = data.chunk(0).dictionary if pieces else pa.array([], pa.string())
    else:
        raw = _indices(data)
        labels = data.dictionary
    return raw.astype(np.int64), labels


def _indices(data: Any) -> Array:
    found = data.indices.fill_null(-1) if data.null_count else data.indices
    return found.to_numpy(zero_copy_only=False)


def _codes(data: Any) -> Column:
    codes, labels = _coded(data)
    missing = codes < 0
    texts = tuple("" if text is None else str(text) for text in labels.to_pylist())
    counts = np.bincount(codes[~missing] if missing.any() else codes, minlength=len(texts))
    # Dictionaries often hold values that no row has; they are no categories of this table.
    used = np.flatnonzero(counts)
    if len(used) < len(texts):
        place = np.full(len(texts) + 1, -1)
        place[used] = np.arange(len(used))
        codes, texts = place[codes], tuple(texts[i] for i in used)
        counts = counts[used]
    family = "category" if len(texts) <= MAX_LISTED else "text"
    return Column(family, codes, texts, missing, counts)


def _flags(data: Any) -> Column:
    missing = _joined(pc.is_null(data)).to_numpy(zero_copy_only=False)
    values = _joined(pc.fill_null(data, False)).to_numpy(zero_copy_only=False).astype(np.int64)
    return Column("flag", np.where(missing, -1, values), ("false", "true"), missing)


def _times(data: Any) -> Column:
    moments = pc.cast(data, pa.timestamp("us"), safe=False)
    missing = _joined(pc.is_null(moments)).to_numpy(zero_copy_only=False)
    whole = pc.fill_null(pc.cast(moments, pa.int64()), 0)
    return Column("time", _joined(whole).to_numpy(zero_copy_only=False), (), missing)


def _times_of(data: Any) -> Column | None:
    texts = pc.cast(data, pa.string()) if pa.types.is_dictionary(data.type) else data
    try:
        return _times(pc.cast(texts, pa.timestamp("us", tz="UTC")))
    except pa.ArrowInvalid:
        pass
    try:
        return _times(pc.cast(texts, pa.timestamp("us")))
    except pa.ArrowInvalid:
        return None
