"""Compose the words of one message about an alert; pure: a story in, a letter out.

The letter answers ten questions of somebody who has a minute: what and where, how bad and since
when, whom it hurts, is the monitor itself sound, what is the likely cause, what happens if I do
nothing, what to do now, who else knows, which rule spoke, and why it was sent to me.
"""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitoring.alerts.condition_words import ConditionWords, good_windows, shown_state, words_of
from monitoring.alerts.wording import Crossing, crossing, day

_ACKNOWLEDGE = "Acknowledge, so that the others know that somebody is on it."
_BECAUSE = {"escalated": ", escalated:", "reminder": ", still open:"}
_LEADS = {
    "escalated": " Nobody has acknowledged it, so it is passed on to you.",
    "reminder": " Nobody has acknowledged it.",
    "acknowledged": " Somebody is on it.",
}
SHAPES = {"critical": "◆", "watch": "▲", "unknown": "?", "ok": "●"}


@dataclass(frozen=True)
class RunFacts:
    """What the newest run of the check says about itself."""

    state: str
    reason: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    due_at: datetime | None = None
    finished_at: datetime | None = None
    rows: int | None = None
    completeness: float | None = None
    violations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """Everything that is known about an alert when its message is sent."""

    kind: str  # firing, acknowledged, reminder, escalated or resolved
    condition: str
    severity: str
    headline: str
    model: str
    model_name: str
    unit: str
    tier: int
    check: str
    check_kind: str
    check_version: int | None
    since: datetime
    opened_at: datetime
    incident: str
    incident_url: str
    model_url: str
    run: RunFacts
    found_by: str = ""  # the kind of check, whose words they are
    version: int | None = None
    segment: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    root_cause: str = ""
    crossings: tuple[Crossing, ...] = ()
    crossings_total: int = 0
    bad: int = 1
    of: int = 1
    good: int = 1
    also: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    purpose: str = ""
    told: tuple[str, ...] = ()
    role: str = ""
    time_zone: str = "UTC"
    alert: int = 0
    escalates: str = ""
    flapping: bool = False

    @property
    def words(self) -> ConditionWords:
        """What the condition is called, means and asks for."""
        return words_of(self.condition, kind=self.found_by)

    @property
    def rows(self) -> str:
        """The rows that are judged apart; without a check the segment names a version."""
        return self.segment if self.check else ""


@dataclass(frozen=True)
class Letter:
    """A message, ready for any template: a subject, one opening line, and named paragraphs.

    `links` (label, address) act for one person, and `unsubscribe` stops reports to one: both are
    only ever filled for that person's own mailbox.
    """

    subject: str
    state: str
    lead: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    action: str
    url: str
    footer: tuple[str, ...] = field(default=())
    links: tuple[tuple[str, str], ...] = ()
    unsubscribe: str = ""


def compose(story: Story) -> Letter:
    """Write the letter about an alert that fires or has resolved."""
    return _resolved(story) if story.kind == "resolved" else _firing(story)


def _firing(story: Story) -> Letter:
    state = shown_state(story.words, story.severity)
    version = f" v{story.version}" if story.version is not None else ""
    parts = (
        ("What", _what(story)),
        ("Is the monitor sound?", _sound(story)),
        ("Likely cause", (story.words.likely, *story.similar[:2])),
        ("Effect", _effect(story)),
        ("If you do nothing", _if_nothing(story)),
        ("Do now", (story.words.do_now, _ACKNOWLEDGE)),
    )
    return Letter(
        subject=_subject(
            SHAPES[state], f"{state.upper()}{_BECAUSE.get(story.kind, '')}", story, story.headline
        ),
        state=state,
        lead=f"{story.model}{version} is {state.upper()} since {_time(story.opened_at, story)}."
        + _LEADS.get(story.kind, ""),
        parts=tuple((label, lines) for label, lines in parts if lines),
        action=f"Open incident {story.incident}",
        url=story.incident_url,
        footer=_footer(story),
    )


def _resolved(story: Story) -> Letter:
    ended = story.resolved_at or story.opened_at
    lasted = duration((ended - story.opened_at).total_seconds())
    how = story.words.over.format(good=good_windows(story.good))
    if story.resolved_by:
        how = f"{story.resolved_by} closed incident {story.incident}."
    parts = (
        ("What it was", (f"{story.headline}.",)),
        ("Why it is over", tuple(line for line in (how, story.root_cause) if line)),
        ("How long", (f"{lasted}, from {_time(story.opened_at, story)}.",)),
        ("Still open", story.still_open),
    )
    label = story.words.label
    over = label[:1].lower() + label[1:]
    return Letter(
        subject=_subject(SHAPES["ok"], "RESOLVED", story, f"{over} is over after {lasted}"),
        state="ok",
        lead=f"{story.model}: {over} is over since {_time(ended, story)}.",
        parts=tuple((name, lines) for name, lines in parts if lines),
        action=f"See incident {story.incident}",
        url=story.incident_url,
        footer=_footer(story),
    )


def _subject(shape: str, word: str, story: Story, text: str) -> str:
    tier = "tier 4, de minimis" if story.tier == 4 else f"tier {story.tier}"
    return one_line(f"{shape} {word} {story.model} ({story.unit}, {tier}): {text}")


def one_line(subject: str) -> str:
    """Make a header of it: one line, not too long, whatever a column or a unit is called."""
    subject = " ".join(subject.split())
    return subject if len(subject) <= 180 else subject[:179] + "…"


def _what(story: Story) -> tuple[str, ...]:
    seen = story.words.seen.format(window=day(story.since), moment=_time(story.opened_at, story))
    lines = [f"{story.headline}; {seen}."]
    if story.flapping:
        lines.append("It keeps coming and going (flapping): its limit or its window may be wrong.")
    if story.crossings and story.crossings[0].note:
        lines.append(_sentence(story.crossings[0].note))
    lines += [_with_note(found) for found in story.crossings[1:4]]
    if story.crossings_total > 4:
        lines.append(f"{story.crossings_total - 4} more are over their limits.")
    if story.rows:
        lines.append(f"Only {story.rows} is judged here; the other rows are judged apart.")
    lines += [f"Also open in this incident: {text}." for text in story.also[:5]]
    return tuple(lines)


def _with_note(found: Crossing) -> str:
    return f"{crossing(found)}: {_sentence(found.note)}" if found.note else f"{crossing(found)}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _sound(story: Story) -> tuple[str, ...]:
    """Climb the ladder: did it run in time, were there rows, did they keep the contract?"""
    if story.words.sound:
        return (story.words.sound,)
    run = story.run
    late = bool(run.due_at and run.finished_at and run.finished_at > run.due_at)
    ran = "It ran late" if late else "It ran on time"
    rows = f", {run.rows:,} rows" if run.rows is not None else ""
    labels = f", {run.completeness:.0%} of them with labels" if run.completeness else ""
    lines = [f"{ran}{rows}{labels}."]
    if run.state == "data_fault":
        lines.append("The data break their contract, so no statistic counts.")
        lines += [_sentence(text) for text in run.violations[:4]]
    else:
        lines.append("The data kept their contract.")
    lines += [_sentence(text) for text in run.notes[:3]]
    return tuple(lines)


def _effect(story: Story) -> tuple[str, ...]:
    who = f"Concerns the rows of {story.rows}. " if story.rows else ""
    purpose = f"Purpose of the model: {story.purpose}" if story.purpose else ""
    return tuple(line for line in (who + story.words.effect, purpose) if line)


def _if_nothing(story: Story) -> tuple[str, ...]:
    lines = story.notes or (story.words.nothing.format(good=good_windows(story.good)),)
    return (*lines, story.escalates) if story.escalates else lines


def _footer(story: Story) -> tuple[str, ...]:
    told = f"Told as well: {', '.join(story.told)}." if story.told else "Nobody else was told."
    version = f" version {story.check_version}" if story.check_version is not None else ""
    rule = (
        f"Rule: check {story.check} ({story.check_kind}){version}, "
        f"{story.bad} of {story.of} windows."
        if story.check
        else "Rule: every look at MLflow is compared with what Muster had recorded."
    )
    if story.alert:
        rule = f"{rule} Alert {story.alert}."
    why = f"You get this as {story.role}." if story.role else ""
    return (told, rule, f"{why} Model page: {story.model_url}".strip())


def zone_of(name: str) -> tzinfo:
    """Return the reader's zone; UTC when nobody knows it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _time(moment: datetime, story: Story) -> str:
    return time_of(moment, story.time_zone)


def time_of(moment: datetime, time_zone: str) -> str:
    """Write a moment as the reader's clock shows it."""
    local = moment.astimezone(zone_of(time_zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}"


def duration(seconds: float) -> str:
    """Say how long something took, as people say it."""
    minutes = max(int(seconds // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
