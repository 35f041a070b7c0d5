"""Decide when and how one piece of news travels to one reader; pure.

The stages in their order: silence, snooze, group, flapping, quiet hours, budget. None ever drops
anything: what does not go now is held until a moment, or goes into the next digest, and says why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from monitoring.alerts.message import time_of

HALF_A_DAY = timedelta(hours=12)
WEEK = timedelta(days=7)
WEEKLY = 5  # as many half days' worth may interrupt in a week
CHANGES = 4  # of a condition in a week: it flaps
_ALARMS = ("firing", "escalated")


@dataclass(frozen=True)
class Hush:
    """A silence that covers the news: until when, and whether a second person has agreed."""

    until: datetime
    agreed: bool
    why: str


@dataclass(frozen=True)
class Facts:
    """What is known about one piece of news when it is due."""

    kind: str
    severity: str
    tier: int
    owed_at: datetime
    flapping: bool = False
    shared: bool = False  # its cause befalls many models at about the same time
    digest: bool = False  # it waited for the digest that is due now
    hushes: tuple[Hush, ...] = ()
    snoozed_until: datetime | None = None
    last_told_at: datetime | None = None  # the latest message of the incident to this reader
    critical_told: bool = False  # one of them told that the incident is critical
    ends_case: bool = False  # it is over, and so is its incident
    quiet_hours: bool = True  # as the unit of its model wants
    budgets: bool = True

    @property
    def urgent(self) -> bool:
        """Whether it passes whatever holds other news back."""
        return self.severity == "critical" and self.tier == 1 and self.kind in _ALARMS

    @property
    def worse(self) -> bool:
        """Whether the reader does not know yet that the incident is critical."""
        return self.severity == "critical" and self.kind in _ALARMS and not self.critical_told


@dataclass(frozen=True)
class Reader:
    """Who is told: a person with a day and a night, or a channel that has neither."""

    person: bool = True
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    quiet_from: time = time(19, 0)
    quiet_until: time = time(7, 30)
    quiet_weekends: bool = True
    digest_at: time = time(8, 30)
    interruptions: int = 2
    watch_in_digest: bool = False


@dataclass(frozen=True)
class Waits:
    """How long news waits for company."""

    first: timedelta = timedelta(seconds=120)  # of a cause that many models share
    next: timedelta = timedelta(seconds=1800)


@dataclass(frozen=True)
class Decision:
    """Now, in the next digest, or not before a moment; and why."""

    route: str  # now, digest or hold
    until: datetime | None = None  # None: at once
    why: str = ""
    asked_for: bool = False  # somebody put it off on purpose

    @property
    def goes(self) -> bool:
        """Whether it is put into a message now."""
        return self.until is None


def decide(
    news: Facts, reader: Reader, waits: Waits, *, interrupted: Sequence[datetime], at: datetime
) -> Decision:
    """Return what becomes of the news; `interrupted` holds when the reader was, lately."""
    if held := _silence(news, reader, at=at) or _snooze(news, reader, at=at):
        return held
    if news.digest:
        return Decision("digest")
    if held := _group(news, reader, waits, at=at):
        return held
    if news.kind == "reminder":
        return _digest(reader, "a reminder wakes nobody", at=at)
    if news.urgent:
        return Decision("now")
    if news.flapping:
        return _digest(reader, "it keeps coming and going", at=at)
    if reader.person:
        return _reader(news, reader, interrupted, at=at)
    return Decision("now")


def flaps(opening: datetime, changes: Iterable[datetime]) -> bool:
    """Say whether a condition that opens now has changed too often in the week before."""
    return 1 + sum(opening - WEEK < change <= opening for change in changes) >= CHANGES


def is_quiet(reader: Reader, *, at: datetime) -> bool:
    """Say whether a moment lies in the reader's quiet hours."""
    local = at.astimezone(reader.zone)
    if reader.quiet_weekends and local.weekday() >= 5:
        return True
    begins, ends, now = reader.quiet_from, reader.quiet_until, local.time()
    if begins <= ends:
        return begins <= now < ends
    return now >= begins or now < ends


def next_digest(reader: Reader, *, at: datetime) -> datetime:
    """Return when the reader's next digest is due: after `at`, and not on a quiet weekend."""
    today = at.astimezone(reader.zone).date()
    for days in range(10):
        day = today + timedelta(days=days)
        if reader.quiet_weekends and day.weekday() >= 5:
            continue
        moment = datetime.combine(day, reader.digest_at, tzinfo=reader.zone).astimezone(UTC)
        if moment > at:
            return moment
    raise AssertionError("ten days in a row hold a working day")


def _silence(news: Facts, reader: Reader, *, at: datetime) -> Decision | None:
    holding = [hush for hush in news.hushes if hush.until > at and (hush.agreed or not news.urgent)]
    if not holding:
        return None
    last = max(holding, key=lambda hush: hush.until)
    why = f"silenced until {time_of(last.until, reader.zone_name)}: {last.why}"
    return Decision("hold", last.until, why, asked_for=True)


def _snooze(news: Facts, reader: Reader, *, at: datetime) -> Decision | None:
    until = news.snoozed_until
    if until is None or until <= at or news.urgent or news.worse or news.ends_case:
        return None
    why = f"the incident was put off until {_moment(until, reader)}"
    return Decision("hold", until, why, asked_for=True)


def _group(news: Facts, reader: Reader, waits: Waits, *, at: datetime) -> Decision | None:
    """Hold what can be told together; the first critical news of a case never waits."""
    if news.worse or news.kind in ("escalated", "acknowledged", "reminder"):
        return None
    if news.last_told_at is None:
        until = news.owed_at + waits.first
        if not news.shared or until <= at:
            return None
        return Decision("hold", until, "other models share the cause; they are told together")
    until = news.last_told_at + waits.next
    if until <= at or news.ends_case:
        return None
    why = f"news of one incident is told together, next at {_moment(until, reader)}"
    return Decision("hold", until, why)


def _reader(
    news: Facts, reader: Reader, interrupted: Sequence[datetime], *, at: datetime
) -> Decision:
    if news.quiet_hours and is_quiet(reader, at=at):
        return _digest(reader, "it came in your quiet hours", at=at)
    if reader.watch_in_digest and news.severity != "critical":
        return _digest(reader, "you asked for what is not critical in the digest", at=at)
    if news.budgets:
        lately = sum(moment > at - HALF_A_DAY for moment in interrupted)
        this_week = sum(moment > at - WEEK for moment in interrupted)
        if lately >= reader.interruptions:
            why = f"you had been interrupted {lately} times in 12 hours"
            return _digest(reader, why, at=at)
        if this_week >= WEEKLY * reader.interruptions:
            return _digest(reader, f"you had been interrupted {this_week} times in a week", at=at)
    return Decision("now")


def _digest(reader: Reader, why: str, *, at: datetime) -> Decision:
    until = next_digest(reader, at=at)
    return Decision("digest", until, f"{why}; kept for the digest of {_moment(until, reader)}")


def _moment(moment: datetime, reader: Reader) -> str:
    return time_of(moment, reader.zone_name)
