"""Compose the words of one message about an alert; pure: a story in, a letter out.

The letter answers ten questions of somebody who has a minute: what and where, how bad and since
when, whom it hurts, is the monitor itself sound, what is the likely cause, what happens if I do
nothing, what to do now, who else knows, which rule spoke, and why it was sent to me.
"""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitoring.alerts.event_words import WORDS as EVENTS
from monitoring.alerts.wording import STATES, Crossing, crossing, day

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

    kind: str  # firing or resolved
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


@dataclass(frozen=True)
class Letter:
    """A message, ready for any template: a subject, one opening line, and named paragraphs."""

    subject: str
    state: str
    lead: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    action: str
    url: str
    footer: tuple[str, ...] = field(default=())


def shown_state(condition: str, severity: str) -> str:
    """Return the health word a condition shows as; a fault means that we do not know."""
    crossed = condition in ("drift", "breach") or condition in EVENTS
    return severity if crossed or severity == "critical" else "unknown"


def compose(story: Story) -> Letter:
    """Write the letter about an alert that fires or has resolved."""
    return _resolved(story) if story.kind == "resolved" else _firing(story)


def _firing(story: Story) -> Letter:
    state = shown_state(story.condition, story.severity)
    version = f" v{story.version}" if story.version is not None else ""
    parts = (
        ("What", _what(story)),
        ("Is the monitor sound?", _sound(story)),
        ("Likely cause", _likely(story)),
        ("Effect", _effect(story)),
        ("If you do nothing", _if_nothing(story)),
        ("Do now", _do_now(story)),
    )
    return Letter(
        subject=_subject(SHAPES[state], state.upper(), story, story.headline),
        state=state,
        lead=f"{story.model}{version} is {state.upper()} since {_time(story.opened_at, story)}.",
        parts=tuple((label, lines) for label, lines in parts if lines),
        action=f"Open incident {story.incident}",
        url=story.incident_url,
        footer=_footer(story),
    )


def _resolved(story: Story) -> Letter:
    ended = story.resolved_at or story.opened_at
    lasted = _duration((ended - story.opened_at).total_seconds())
    if story.resolved_by:
        how = f"{story.resolved_by} closed incident {story.incident}."
    elif story.condition in ("drift", "breach"):
        how = f"{story.good} good {'window' if story.good == 1 else 'windows'} in a row."
    elif story.condition in EVENTS:
        how = "MLflow shows again what was recorded."
    else:
        how = "The newest window could be judged again."
    parts = (
        ("What it was", (f"{story.headline}.",)),
        ("Why it is over", tuple(line for line in (how, story.root_cause) if line)),
        ("How long", (f"{lasted}, from {_time(story.opened_at, story)}.",)),
        ("Still open", story.still_open),
    )
    event = EVENTS.get(story.condition)
    label = event.label if event else STATES.get(story.condition, story.condition)
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
    subject = f"{shape} {word} {story.model} ({story.unit}, {tier}): {text}"
    # A header is one line, whatever a column or a unit is called.
    subject = " ".join(subject.split())
    return subject if len(subject) <= 180 else subject[:179] + "…"


def _what(story: Story) -> tuple[str, ...]:
    if story.condition in EVENTS:
        others = tuple(f"Also open in this incident: {text}." for text in story.also[:5])
        return (f"{story.headline}; seen {_time(story.opened_at, story)}.", *others)
    lines = [f"{story.headline}; bad since the window of {day(story.since)}."]
    if story.crossings and story.crossings[0].note:
        lines.append(_sentence(story.crossings[0].note))
    lines += [_with_note(found) for found in story.crossings[1:4]]
    if story.crossings_total > 4:
        lines.append(f"{story.crossings_total - 4} more are over their limits.")
    if story.segment:
        lines.append(f"Only {story.segment} is judged here; the other rows are judged apart.")
    lines += [f"Also open in this incident: {text}." for text in story.also[:5]]
    return tuple(lines)


def _with_note(found: Crossing) -> str:
    return f"{crossing(found)}: {_sentence(found.note)}" if found.note else f"{crossing(found)}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _sound(story: Story) -> tuple[str, ...]:
    """Climb the ladder: did it run in time, were there rows, did they keep the contract?"""
    if story.condition in EVENTS:
        return ("Yes: Muster read MLflow's answer itself; the checks go on apart from this.",)
    run = story.run
    if run.state in ("source_fault", "missed", "not_evaluated", "failed"):
        return ("No: it could not look. Nothing is known about the model in this window.",)
    if story.check_kind == "mlflow metric":
        return ("Yes: the value was read from MLflow.",)
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


_LIKELY = {
    "source_fault": "The folder, its rights, or the file itself; the model is not the suspect.",
    "missed": "The job that writes the batch did not run, or writes elsewhere.",
    "data_fault": "A change upstream: a release of the feed, a unit, a join. Not the model.",
    "not_evaluated": "Something the check needs is missing; see above.",
    "failed": "The batch is too large or makes the judge crash; Muster tried three times.",
    "breach": "The link between features and outcome has changed, or the labels have.",
    "drift": "The population or an upstream feature has changed.",
}


def _likely(story: Story) -> tuple[str, ...]:
    event = EVENTS.get(story.condition)
    cause = event.likely if event else _LIKELY.get(story.condition, "")
    return (cause, *story.similar[:2])


def _effect(story: Story) -> tuple[str, ...]:
    who = f"Concerns the rows of {story.segment}. " if story.segment else ""
    told = {
        "drift": "The model answers for data that it was not trained on; how well is not known "
        "before the labels come.",
        "breach": "The model's answers are worse than the limit that was agreed.",
    }.get(story.condition, "The model goes on answering, and nobody is watching how well.")
    if story.condition in EVENTS:
        told = EVENTS[story.condition].effect
    purpose = f"Purpose of the model: {story.purpose}" if story.purpose else ""
    return tuple(line for line in (who + told, purpose) if line)


def _if_nothing(story: Story) -> tuple[str, ...]:
    if story.notes:
        return story.notes
    if story.condition in EVENTS:
        return (EVENTS[story.condition].nothing,)
    if story.condition in ("drift", "breach"):
        windows = f"{story.good} good {'window' if story.good == 1 else 'windows'}"
        return (f"The alert stays open until {windows} in a row have been seen.",)
    return ("The health of the model stays unknown until a window can be judged.",)


def _do_now(story: Story) -> tuple[str, ...]:
    first = {
        "source_fault": "Make the source readable; the next scan judges the batch by itself.",
        "missed": "Ask for the batch; it is judged when it lands, however late.",
        "data_fault": "Ask whoever owns the feed; a corrected batch is judged again by itself.",
        "breach": "Open the incident and decide: retrain, restrict the model, or accept.",
    }.get(story.condition, "Open the incident and look at the run.")
    if story.condition in EVENTS:
        first = EVENTS[story.condition].do_now
    return (first, "Acknowledge, so that the others know that somebody is on it.")


def _footer(story: Story) -> tuple[str, ...]:
    told = f"Told as well: {', '.join(story.told)}." if story.told else "Nobody else was told."
    version = f" version {story.check_version}" if story.check_version is not None else ""
    rule = (
        f"Rule: check {story.check} ({story.check_kind}){version}, "
        f"{story.bad} of {story.of} windows."
        if story.check
        else "Rule: every look at MLflow is compared with what Muster had recorded."
    )
    why = f"You get this as {story.role}." if story.role else ""
    return tuple(
        line
        for line in (
            told,
            rule,
            f"{why} Model page: {story.model_url}".strip(),
        )
        if line
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _time(moment: datetime, story: Story) -> str:
    local = moment.astimezone(_zone(story.time_zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M %Z}"


def _duration(seconds: float) -> str:
    minutes = max(int(seconds // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
