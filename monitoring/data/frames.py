"""What reading a file gives, and the bounds every reader keeps to."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

ROW_CAP = 200_000
SEED = 20260101
MOST_COLUMNS = 5_000
MOST_ROWS = 1_000_000_000
# So long a file may be read; what is left of a job's time is for judging.
READ_SECONDS = 45.0


class Unreadable(Exception):
    """The file cannot be read; `state` is what its window becomes."""

    state = "source_fault"


class TooLarge(Unreadable):
    """The file can be read, but not within the bounds."""

    state = "data_fault"


class Malformed(Unreadable):
    """The file can be read, but not as a table."""

    state = "data_fault"


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


@dataclass(frozen=True)
class Wanted:
    """Which columns are read, how many rows are kept, and until when."""

    columns: Collection[str] | None
    strings: Collection[str]
    row_cap: int
    where: str
    until: float = field(default_factory=lambda: time.monotonic() + READ_SECONDS)

    def among(self, names: list[str]) -> list[str]:
        """Return the wanted names; of a name that stands twice nobody knows which is meant."""
        unique = [name for name in dict.fromkeys(names) if names.count(name) == 1]
        return [name for name in unique if self.columns is None or name in self.columns]

    def go_on(self, rows: int = 0) -> None:
        """Raise TooLarge when the time for reading is over, or there are too many rows."""
        if time.monotonic() > self.until:
            raise TooLarge(
                f"The file {self.where} cannot be read within {READ_SECONDS:.0f} seconds;"
                " it is too large: deliver fewer rows or columns"
            )
        if rows > MOST_ROWS:
            raise TooLarge(
                f"The file {self.where} has {rows:,} rows; at most {MOST_ROWS:,} are read:"
                " deliver a sample"
            )


def refuse_too_many(names: list[str], wanted: Wanted) -> None:
    """Raise TooLarge for more columns than any model has."""
    if len(names) > MOST_COLUMNS:
        raise TooLarge(
            f"The file {wanted.where} has {len(names):,} columns;"
            f" at most {MOST_COLUMNS:,} are read: deliver what the model needs"
        )


def sample(rows: int, row_cap: int) -> Any:
    """Choose rows with a fixed seed, so that a second look sees the same ones."""
    return np.sort(np.random.default_rng(SEED).choice(rows, size=row_cap, replace=False))


class Reservoir:
    """A seeded sample of rows whose number nobody knows before they have all come by.

    Each row draws a number; those with the lowest numbers stay, in their order.
    """

    def __init__(self, row_cap: int) -> None:
        self.row_cap = row_cap
        self.rows = 0
        self._dice = np.random.default_rng(SEED)
        self._parts: list[Any] = []
        self._keys = np.empty(0)

    def add(self, batch: Any) -> None:
        """Take the next rows."""
        self.rows += batch.num_rows
        keys = self._dice.random(batch.num_rows)
        if len(self._keys) >= self.row_cap:
            worst = float(self._keys.max())
            low = np.flatnonzero(keys < worst)
            batch, keys = batch.take(pa.array(low)), keys[low]
        self._parts.append(batch)
        self._keys = np.concatenate([self._keys, keys])
        if len(self._keys) > 2 * self.row_cap:
            self._prune()

    def _prune(self) -> Any:
        table = pa.Table.from_batches(self._parts) if self._parts else None
        if len(self._keys) > self.row_cap:
            stay = np.sort(np.argpartition(self._keys, self.row_cap)[: self.row_cap])
            self._keys = self._keys[stay]
            assert table is not None
            table = table.take(pa.array(stay)).combine_chunks()
            self._parts = table.to_batches()
        return table

    def table(self) -> Any:
        """Return the rows that stayed, or None when none came."""
        return self._prune()
