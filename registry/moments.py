"""Read the moment that somebody asks about: `as_of` is a day or an instant, never the future."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from registry.problems import Invalid, invalid

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_TICK = timedelta(microseconds=1)
SAID = "a day (its end, UTC) or an instant such as 2026-06-30T12:00:00Z; not in the future"

# A bare day: what asks how it stood, or until when, means its end; what asks since when, its start.
SINCE = "a day (its beginning, UTC) or an instant such as 2026-06-30T12:00:00Z"


def parse(text: str, *, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Return the asked moment in UTC; a day means its last moment in `zone`, today means now.

    An instant without an offset is taken in `zone` too. Raises Invalid for what is no moment
    and for the future, of which nothing is known.
    """
    # An address turns the plus of an offset into a space.
    given = text.strip().replace(" ", "+")
    try:
        if _DAY.fullmatch(given):
            return _end_of_day(given, now=now, zone=zone)
        if not _INSTANT.fullmatch(given):
            raise _unreadable()
        found = datetime.fromisoformat(given)
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _unreadable() from error
    if found > now:
        raise _future()
    return found


def since(text: str, *, pointer: str) -> datetime:
    """Return the instant, or the beginning (UTC) of the day, from which on something is asked."""
    given = text.strip().replace(" ", "+")
    try:
        if _DAY.fullmatch(given) or _INSTANT.fullmatch(given):
            found = datetime.fromisoformat(given)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid(pointer, "invalid", "this is no day and no instant", f"write {SINCE}")


def _end_of_day(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    day, today = datetime.fromisoformat(text).date(), now.astimezone(zone).date()
    if day > today:
        raise _future()
    if day == today:
        return now
    return end_of(day, zone=zone)


def end_of(day: date, *, zone: tzinfo = UTC) -> datetime:
    """Return the last moment of a day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return midnight.astimezone(UTC) - _TICK


def _unreadable() -> Invalid:
    return invalid("/as_of", "invalid", "this is no day and no instant", f"write {SAID}")


def _future() -> Invalid:
    return invalid("/as_of", "future", "nothing is known of the future", f"write {SAID}")
