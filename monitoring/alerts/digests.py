"""Compose one letter about many alerts: of one incident, or a digest over incidents; pure.

Every alert is named with its number, however many there are: what is alike shares a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitoring.alerts.condition_words import ConditionWords, shown_state, words_of
from monitoring.alerts.message import SHAPES, Letter, Story, compose, duration, one_line, time_of

_ORDER = ("critical", "unknown", "watch", "ok")


@dataclass(frozen=True)
class Line:
    """One alert as a letter about many tells it."""

    alert: int
    incident: int
    incident_title: str
    incident_url: str
    model: str
    unit: str
    tier: int
    severity: str
    condition: str
    headline: str
    opened_at: datetime
    kinds: tuple[str, ...]  # the news of it that travels here, in order
    found_by: str = ""
    segment: str = ""
    resolved_at: datetime | None = None
    held: str = ""
    flapping: bool = False
    acknowledged_by: str = ""

    @property
    def words(self) -> ConditionWords:
        """What the condition is called, means and asks for."""
        return words_of(self.condition, kind=self.found_by)

    @property
    def state(self) -> str:
        """The state it shows as now."""
        return "ok" if self.resolved_at else shown_state(self.words, self.severity)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Where it stands among others: the worst, then the weightiest model, then the oldest."""
        return (_ORDER.index(self.state), self.tier, self.alert)


def compose_news(lead: Story, lines: Sequence[Line]) -> Letter:
    """Write the letter about one incident: the worst alert in full, every other by name."""
    letter = compose(lead)
    own = [line for line in lines if line.alert == lead.alert]
    others = [line for line in lines if line.alert != lead.alert]
    parts = list(letter.parts)
    for line in own:
        if line.resolved_at and "firing" in line.kinds:
            began = time_of(line.opened_at, lead.time_zone)
            parts.insert(0, ("Told now", (f"It began {began}, and is over already.",)))
    if others:
        models = len({line.model for line in lines})
        subject = letter.subject
        title = lines[0].incident_title
        if models > 1:
            state = min(lines, key=lambda line: line.rank).state
            word = "RESOLVED" if state == "ok" else state.upper()
            text = f"{title}; {len(lines)} alerts on {models} models"
            subject = one_line(f"{SHAPES[state]} {word} {lead.unit}: {text}")
        else:
            more = len(others)
            subject = one_line(f"{subject[:150]} and {more} more alert{'s' if more > 1 else ''}")
        told = (f"All {len(lines)} alerts in this message", _named(lines, lead.time_zone))
        parts.insert(1, told)
        letter = replace(letter, subject=subject)
    if held := _held(lines):
        parts.append(("Why now", held))
    return replace(letter, parts=tuple(parts))


def compose_digest(
    lines: Sequence[Line], *, at: datetime, url: str, role: str, time_zone: str, folded: bool
) -> Letter:
    """Write the digest: incidents worst first, every alert named, each incident with its link."""
    by_incident: dict[int, list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.rank):
        by_incident.setdefault(line.incident, []).append(line)
    worst = min(lines, key=lambda line: line.rank)
    still = [line for line in lines if line.resolved_at is None]
    critical = sum(line.state == "critical" for line in lines)
    counts = [f"{len(by_incident)} incident{'s' if len(by_incident) > 1 else ''}"]
    counts.append(f"{len(still)} of {len({line.alert for line in lines})} alerts open")
    if critical:
        counts.append(f"{critical} critical")
    what = "Digest after an outage" if folded else "Digest"
    parts: list[tuple[str, tuple[str, ...]]] = [
        (_heading(found), _about(found, time_zone)) for found in by_incident.values()
    ]
    return Letter(
        subject=one_line(f"{SHAPES[worst.state]} {what}: {', '.join(counts)}"),
        state=worst.state,
        lead=f"{what} of {time_of(at, time_zone)}: {', '.join(counts)}.",
        parts=tuple(parts),
        action="Open the inbox",
        url=url,
        footer=(
            "Nothing got through for a while; this is all that was owed meanwhile."
            if folded
            else "What could wait was kept for this digest; each case says why.",
            f"You get this as {role}." if role else "",
        ),
    )


def _heading(found: Sequence[Line]) -> str:
    worst = found[0]
    word = "over" if worst.state == "ok" else worst.state.upper()
    return f"{SHAPES[worst.state]} {word} INC-{worst.incident}"


def _about(found: Sequence[Line], time_zone: str) -> tuple[str, ...]:
    worst = found[0]
    lines = [f"{worst.incident_title} ({worst.unit}, tier {min(line.tier for line in found)})."]
    lines += _named(found, time_zone)
    if worst.state != "ok":
        lines.append(f"Do now: {worst.words.do_now}")
    lines += _held(found)
    return (*lines, worst.incident_url)


def _named(lines: Iterable[Line], time_zone: str) -> tuple[str, ...]:
    """Name every alert; those that say the same of many models share a line."""
    alike: dict[tuple[str, str], list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.rank):
        alike.setdefault((line.state, _said(line, time_zone)), []).append(line)
    return tuple(
        f"{SHAPES[state]} {text}: {', '.join(_name(line) for line in same)}"
        for (state, text), same in alike.items()
    )


def _said(line: Line, time_zone: str) -> str:
    text = line.headline
    if line.resolved_at is not None:
        lasted = duration((line.resolved_at - line.opened_at).total_seconds())
        ended = time_of(line.resolved_at, time_zone)
        text = (
            f"fired and is over after {lasted}: {text}"
            if "firing" in line.kinds
            else f"over since {ended}: {text}"
        )
    elif line.acknowledged_by:
        text = f"open, {line.acknowledged_by} is on it: {text}"
    elif "reminder" in line.kinds:
        text = f"still open, nobody has acknowledged it: {text}"
    elif "escalated" in line.kinds:
        text = f"passed on, nobody has acknowledged it: {text}"
    return f"{text} (flapping)" if line.flapping else text


def _name(line: Line) -> str:
    return f"{line.model} (alert {line.alert})"


def _held(lines: Iterable[Line]) -> tuple[str, ...]:
    reasons = dict.fromkeys(line.held for line in lines if line.held)
    return tuple(f"Told now: {reason}." for reason in list(reasons)[:3])
