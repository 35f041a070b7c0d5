"""Counts of one group of people, and the rates that follow from them."""

from dataclasses import dataclass

from monitoring.checks.proportions import Share

NOT_STATED = "(not stated)"


@dataclass(frozen=True)
class Counts:
    """One group. `selected` had the favorable decision; the four others are of labeled rows.

    tp: favored and deserving; fn: deserving and not favored; fp and tn: not deserving.
    """

    group: str
    n: int
    selected: int
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None

    @property
    def selection(self) -> Share:
        """Return how many had the favorable decision."""
        return Share(self.selected, self.n)

    @property
    def opportunity(self) -> Share:
        """Return how many of those who deserved the favorable decision had it."""
        return Share(self.tp or 0, self.deserving)

    @property
    def burden(self) -> Share:
        """Return how many of those who deserved the favorable decision were refused or flagged."""
        return Share(self.fn or 0, self.deserving)

    @property
    def deserving(self) -> int:
        """Count the labeled rows for which the favorable decision was right."""
        return (self.tp or 0) + (self.fn or 0)

    @property
    def labeled(self) -> int:
        """Count the rows of the group with a label."""
        return self.deserving + (self.fp or 0) + (self.tn or 0)


def comparable(counts: list[Counts], *, min_cell: int, min_share: float) -> list[Counts]:
    """Return the groups that are large enough to be compared."""
    rows = sum(one.n for one in counts)
    return [
        one
        for one in counts
        if one.group != NOT_STATED and one.n >= min_cell and one.n >= min_share * rows
    ]


def unknown_share(counts: list[Counts]) -> float:
    """Return the share of rows whose group nobody has stated."""
    rows = sum(one.n for one in counts)
    return sum(one.n for one in counts if one.group == NOT_STATED) / rows if rows else 1.0
