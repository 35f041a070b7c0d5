"""The windows of the checks that read a source: which there are, and which a text or time means."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring.data import landing
from monitoring.models import Source, Window
from monitoring.planning import HORIZON
from monitoring.queries.checks import readers_of
from registry.problems import invalid


@dataclass(frozen=True)
class _Row:
    """The windows of one check: those that are made, and from when on they will be made."""

    made: dict[datetime, datetime]  # end by start
    next_start: datetime
    period: timedelta

    def floor(self, moment: datetime) -> datetime:
        """Return the start of the planned period in which a moment lies."""
        return self.next_start + (moment - self.next_start) // self.period * self.period

    def has(self, start: datetime) -> bool:
        return start in self.made or (start >= self.next_start and self.floor(start) == start)

    def around(self, moment: datetime) -> list[datetime]:
        if moment >= self.next_start:
            return [self.floor(moment)]
        return [start for start, end in self.made.items() if start <= moment < end]


@dataclass(frozen=True)
class Grid:
    """The windows of every check that reads one source."""

    rows: list[_Row]
    oldest: datetime

    def start_of(self, text: str, pointer: str) -> datetime:
        """Read the start of a window that some check really has, if there are any checks."""
        start = landing.window_start(text) or _moment(text)
        if start is None:
            fix = "its start in UTC, such as 2026-11-02 or 2026-11-02T060000Z"
            raise invalid(pointer, "invalid", f"'{text[:60]}' is not the start of a window", fix)
        if start < self.oldest:
            detail = f"windows before {self.oldest:%Y-%m-%d} are settled and not judged any more"
            raise invalid(pointer, "too_old", detail, "a later window")
        if not self.rows or any(row.has(start) for row in self.rows):
            return start
        # It would lie there and never be judged: whoever sends it should know now.
        near = {row.floor(start) for row in self.rows}
        near |= {row.floor(start) + row.period for row in self.rows}
        nearest = ", ".join(landing.name_of(one) for one in sorted(near)[:4])
        detail = f"no check that reads this source has a window that starts at {text[:40]}"
        raise invalid(pointer, "no_window", detail, f"windows near it start at {nearest}")

    def around(self, moment: datetime) -> list[datetime]:
        """Return the starts of the windows, of whichever check, in which a moment lies."""
        found = {start for row in self.rows for start in row.around(moment)}
        return sorted(start for start in found if start >= self.oldest)


def of(source: Source, *, at: datetime) -> Grid:
    """Return the windows that what a source delivers may be for."""
    rows, oldest = [], at - HORIZON
    for check, spec in readers_of(source):
        made = Window.objects.filter(check_ref=check, start__gte=oldest)
        rows.append(
            _Row(
                made=dict(made.values_list("start", "end")),
                next_start=check.next_window_start,
                period=timedelta(days=spec.every_days),
            )
        )
    return Grid(rows, oldest)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
