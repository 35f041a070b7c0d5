"""Decide a model's health from facts about its checks and open alerts; pure.

Health answers one question: may the owner look away? Only when every check that is due looked
and found nothing. Absence is a state: what was not looked at is `unknown`, never `ok`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.alerts.condition_words import WORDS, shown_state, words_of
from monitoring.alerts.judgement import CROSSINGS, FAULTS
from monitoring.alerts.wording import day


@dataclass(frozen=True)
class CheckFacts:
    """One check: its newest verdict, and when the next one is overdue."""

    slug: str
    kind: str = ""
    paused: bool = False
    state: str = ""  # newest verdict; '' when there is none yet
    reason: str = ""
    window_start: datetime | None = None
    verdict_at: datetime | None = None
    # The first moment at which silence is a fault: the next window's due time and some slack.
    overdue_at: datetime | None = None
    # Of a check without any verdict: its first window is due, and what it is that it waits for.
    awaited: bool = False
    waiting_for: str = ""


@dataclass(frozen=True)
class OpenAlert:
    """One open alert, in the words of its headline."""

    check: str
    headline: str
    severity: str
    since: datetime
    condition: str
    acknowledged_by: str = ""


@dataclass(frozen=True)
class Vitals:
    """The health, the reasons worst first, and when silence turns it unknown."""

    state: str
    reasons: tuple[str, ...]
    observed_at: datetime | None
    stale_at: datetime | None


# In the order of attention.
_ORDER = ("critical", "unknown", "watch", "paused", "ok")


def assess(checks: Sequence[CheckFacts], alerts: Sequence[OpenAlert], *, at: datetime) -> Vitals:
    """Return the health that follows from the facts at this moment."""
    active = [check for check in checks if not check.paused]
    paused = {check.slug for check in checks if check.paused}
    # No verdict can end a fault of a paused check: it tells nothing about now.
    counted = [a for a in alerts if a.check not in paused or a.condition not in FAULTS]
    found: list[tuple[str, str]] = [_of_alert(alert) for alert in counted]
    told = {(alert.check, alert.condition) for alert in counted}
    for check in active:
        found += _of_check(check, at=at, has_alert=(check.slug, check.state) in told)
    if not checks:
        found.append(("unknown", "Nothing watches this model: it has no checks."))
    elif not active:
        found.append(("paused", "All checks are paused."))
    elif not found and all(check.verdict_at is None for check in active):
        found.append(("unknown", "Waiting for the first check: there is no verdict yet."))
    found.sort(key=lambda item: _ORDER.index(item[0]))
    state = found[0][0] if found else "ok"
    waiting = [c.overdue_at for c in active if c.overdue_at is not None and c.overdue_at > at]
    return Vitals(
        state=state,
        reasons=tuple(text for _, text in found) or (_all_well(active),),
        observed_at=max((c.verdict_at for c in active if c.verdict_at), default=None),
        stale_at=min(waiting, default=None),
    )


def _of_alert(alert: OpenAlert) -> tuple[str, str]:
    text = f"{alert.headline} (since {day(alert.since)})."
    if alert.acknowledged_by:
        text = f"{text[:-1]}; {alert.acknowledged_by} has acknowledged it."
    return shown_state(WORDS[alert.condition], alert.severity), text


def _of_check(check: CheckFacts, *, at: datetime, has_alert: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    week = f" for the window of {day(check.window_start)}" if check.window_start else ""
    if check.state in FAULTS | CROSSINGS and not has_alert:
        words = words_of(check.state, kind=check.kind)
        seen = f"{words.label} in check {check.slug}{week}"
        reason = f": {check.reason}" if check.reason else ""
        found.append(
            ("watch", f"{seen}; no alert yet.") if words.judged else ("unknown", f"{seen}{reason}.")
        )
    overdue = check.overdue_at is not None and check.overdue_at <= at
    due = f"{check.overdue_at:%Y-%m-%d %H:%M} UTC" if check.overdue_at else ""
    if check.verdict_at is None and (check.awaited or overdue):
        what = f": {check.waiting_for.rstrip('.')}" if check.waiting_for else ""
        late = f"; one was due by {due}" if overdue else ""
        found.append(("unknown", f"Check {check.slug} waits for its first verdict{what}{late}."))
    elif overdue:
        since = f"since the window of {day(check.window_start)}" if check.window_start else "yet"
        text = f"No verdict from check {check.slug} {since}; one was due by {due}."
        found.append(("unknown", text))
    return found


def _all_well(active: Sequence[CheckFacts]) -> str:
    judged = [check for check in active if check.verdict_at is not None]
    noun = "check" if len(judged) == 1 else "checks"
    return f"{len(judged)} {noun} looked at the newest window and found nothing."
