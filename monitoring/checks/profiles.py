"""What is known of a table without its rows: plain numbers that the contract is judged on."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ColumnProfile:
    """One column: its family, what is missing, how far its values reach."""

    family: str  # see shapes.Family, or "other" for lists, structures, bytes
    rows: int
    nulls: int = 0
    infinite: int = 0
    low: float | None = None
    high: float | None = None
    sign: int | None = None  # 1 or -1 where no value lies on the other side of 0
    # Of a column of one sign: the quartiles of |value|, zeros left out.
    magnitudes: tuple[float, float, float] | None = None
    distinct: int | None = None
    counts: dict[str, int] | None = None  # of categories, unless there are too many to list
    # How many values lie below `low` and above `high` of the contract, and beyond `absurd`.
    outside: int = 0
    absurd: int = 0

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class TableProfile:
    """A batch or a reference as a whole."""

    rows: int  # in the file
    read: int  # of them looked at (the row cap)
    names: list[str]  # as the file has them, repeats included
    columns: dict[str, ColumnProfile] = field(default_factory=dict)
    duplicate_rows: int = 0
    duplicate_ids: int = 0
    # Rows whose time lies outside the window, and the first and last time seen.
    before_window: int = 0
    after_window: int = 0
    times: tuple[str, str] | None = None
