"""Turn states, numbers and times into what a page prints; pure, so that views hold no format."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from monitoring.states import HealthState, RunState
from policies.models.releases import Result


@dataclass(frozen=True)
class Mark:
    """A state as people see it: a shape, a word and a color class; never the color alone."""

    shape: str
    word: str
    tone: str


HEALTH = {
    HealthState.CRITICAL: Mark("◆", "critical", "critical"),
    HealthState.UNKNOWN: Mark("?", "unknown", "unknown"),
    HealthState.WATCH: Mark("▲", "watch", "watch"),
    HealthState.PAUSED: Mark("‖", "paused", "paused"),
    HealthState.OK: Mark("●", "ok", "ok"),
}
RUNS = {
    RunState.QUEUED: Mark("◌", "queued", "info"),
    RunState.RUNNING: Mark("◌", "running", "info"),
    RunState.OK: Mark("●", "ok", "ok"),
    RunState.DRIFT: Mark("▲", "drift", "watch"),
    RunState.BREACH: Mark("◆", "breach", "critical"),
    RunState.DATA_FAULT: Mark("✖", "data fault", "unknown"),
    RunState.SOURCE_FAULT: Mark("✖", "source fault", "unknown"),
    RunState.NOT_EVALUATED: Mark("?", "not evaluated", "unknown"),
    RunState.MISSED: Mark("○", "missed", "unknown"),
    RunState.FAILED: Mark("!", "failed", "unknown"),
}
RESULTS = {
    Result.SATISFIED: Mark("✔", "satisfied", "ok"),
    Result.FAILED: Mark("✖", "failed", "critical"),
    Result.EXPIRED: Mark("▲", "expired", "watch"),
    Result.WAIVED: Mark("⊘", "waived", "paused"),
    Result.NOT_APPLICABLE: Mark("·", "not applicable", "paused"),
    Result.UNKNOWN: Mark("?", "unknown", "unknown"),
}
CRITICAL, WATCH, OK = (HEALTH[s] for s in (HealthState.CRITICAL, HealthState.WATCH, HealthState.OK))
NO_DATA = Mark("?", "unknown", "unknown")
WAITING = Mark("◌", "waiting for data", "info")
DASH = "—"


def health(state: str | None) -> Mark:
    """Return the mark of a health state; a model nobody watches is unknown, never ok."""
    return HEALTH.get(HealthState(state), NO_DATA) if state else NO_DATA


def run(state: str | None) -> Mark:
    """Return the mark of a run; a window without one waits."""
    return RUNS[RunState(state)] if state else WAITING


def result(state: str) -> Mark:
    """Return the mark of a control's or gate's result."""
    return RESULTS.get(Result(state), NO_DATA)


def severity(value: str) -> Mark:
    """Return the mark of an alert's or incident's severity."""
    return HEALTH[HealthState(value)]


def tier(number: int) -> str:
    """Name a tier; four means de minimis."""
    return "de minimis" if number == 4 else f"tier {number}"


def number(value: Any, digits: int = 3) -> str:
    """Print a number with about three significant digits and thin groups."""
    if value is None or isinstance(value, bool):
        return DASH if value is None else ("yes" if value else "no")
    try:
        parsed = float(value)
    except (TypeError, ValueError):
        return str(value)
    if not math.isfinite(parsed):
        return {math.inf: "∞", -math.inf: "-∞"}.get(parsed, "NaN")
    if parsed == int(parsed) and abs(parsed) < 1e15:
        return f"{int(parsed):,}"
    if abs(parsed) >= 1000:
        return f"{parsed:,.0f}"
    return f"{parsed:.{digits}g}"


def share(value: float | None) -> str:
    """Print a share as a percentage."""
    return DASH if value is None else f"{value * 100:.3g} %"


def bound(direction: str, limit: float) -> str:
    """Print a limit with the side that is good."""
    return f"{'at most' if direction == 'max' else 'at least'} {number(limit)}"


def size(value: Any) -> str:
    """Print a number of bytes."""
    amount = float(value or 0)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def moment(at: datetime | None) -> str:
    """Print a time in the reader's zone, to the minute."""
    return DASH if at is None else timezone.localtime(at).strftime("%-d %b %Y %H:%M")


def date_input(at: datetime) -> str:
    """Write a time as the day it is in the reader's zone, for a date field."""
    return timezone.localtime(at).strftime("%Y-%m-%d")


def day(at: datetime | None) -> str:
    """Print a UTC day; windows are cut in UTC, so their dates are not moved by a zone."""
    return DASH if at is None else at.strftime("%-d %b %Y")


def window(start: datetime, end: datetime) -> str:
    """Print a window's first and last day."""
    last = end - timedelta(seconds=1)
    if start.date() == last.date():
        return day(start)
    first = start.strftime("%-d %b") if start.year == last.year else day(start)
    return f"{first} to {day(last)}"


def age(at: datetime | None, now: datetime) -> str:
    """Print how long ago something was, in its largest unit."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= length:
            amount = f"{abs(seconds) / length:.0f} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "just now"


def plain(value: Any) -> str:
    """Print what a record holds: text, numbers, lists and mappings, never as code."""
    if value is None or value in ("", [], {}):
        return DASH
    if isinstance(value, dict):
        return "; ".join(f"{sentence(key)}: {plain(part)}" for key, part in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(plain(part) for part in value)
    return value if isinstance(value, str) else number(value)


def sentence(name: str) -> str:
    """Turn an identifier into words: `model.registered` becomes `Model registered`."""
    return name.replace("_", " ").replace(".", " ").strip().capitalize()


def fault(detail: str, fix: str) -> str:
    """Join what is wrong and how to mend it into text for a person."""
    said = detail[:1].upper() + detail[1:].rstrip(".") + "."
    return f"{said} {fix[:1].upper()}{fix[1:]}" if fix else said


_THINGS = {
    "registeredmodel": "model",
    "businessunit": "unit",
    "mlflowserver": "MLflow server",
    "apitoken": "token",
    "sourcemodel": "MLflow model",
    "modelversion": "version",
    "tieroverride": "tier override",
    "scopedecision": "scope decision",
    "retrainingpolicy": "policy",
    "contractversion": "contract",
}


def thing(kind: str) -> str:
    """Name a kind of object as people do."""
    return _THINGS.get(kind, kind)
