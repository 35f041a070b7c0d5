"""The counts of groups as they may be shown: those of small groups stay in the database."""

from dataclasses import dataclass
from itertools import groupby

from monitoring.checks.disclosure import hidden
from monitoring.models import GroupCount, Run

FEWEST = 30  # where a run does not say below how many rows it hides a group


@dataclass(frozen=True)
class ShownGroup:
    """One group's counts, or None throughout where they are hidden."""

    attribute: str
    group: str
    suppressed: bool
    n: int | None = None
    selected: int | None = None
    selection_rate: float | None = None
    tp: int | None = None
    fp: int | None = None
    fn: int | None = None
    tn: int | None = None


def shown_groups(run: Run) -> list[ShownGroup]:
    """Return the groups of a run, attribute by attribute, the largest first."""
    rows = GroupCount.objects.filter(run=run).order_by("attribute", "-n", "group")
    least = int(run.summary.get("min_cell", FEWEST))
    shown = []
    for _, found in groupby(rows, key=lambda row: row.attribute):
        groups = list(found)
        unseen = hidden({row.group: row.n for row in groups}, min_cell=least)
        shown += [_shown(row, suppressed=row.group in unseen) for row in groups]
    return shown


def _shown(row: GroupCount, *, suppressed: bool) -> ShownGroup:
    if suppressed:
        return ShownGroup(row.attribute, row.group, suppressed=True)
    return ShownGroup(
        row.attribute,
        row.group,
        suppressed=False,
        n=row.n,
        selected=row.selected,
        selection_rate=row.selected / row.n if row.n else None,
        tp=row.tp,
        fp=row.fp,
        fn=row.fn,
        tn=row.tn,
    )
