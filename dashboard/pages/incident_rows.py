"""The incident page's parts as plain rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dashboard import words
from dashboard.pages.ladder import ladder
from dashboard.pages.model_rules import ACTIONS
from dashboard.queries.suggestion import Suggestion
from monitoring.alerts.condition_words import good_windows, words_of
from monitoring.models import Alert, Delivery, Incident, Reading, Run
from monitoring.states import AlertState, DeliveryState, IncidentState
from policies.models import Decision
from registry.models import AuditEvent

_DELIVERY = {
    DeliveryState.OWED: words.Mark("◌", "owed", "info"),
    DeliveryState.SENT: words.Mark("✔", "sent", "ok"),
    DeliveryState.DEAD: words.Mark("✖", "given up", "critical"),
}
_TOLD = {"firing": "the alert", "resolved": "the all-clear"}


def heading(incident: Incident, now: datetime) -> dict[str, Any]:
    """Return what stands on top of the page."""
    closed, by = incident.closed_by, incident.acknowledged_by
    return {
        "number": incident.pk,
        "title": incident.title,
        "mark": words.severity(incident.severity),
        "state": incident.get_state_display().lower(),
        "opened": words.age(incident.opened_at, now),
        "verdict": incident.get_verdict_display(),
        "who": who(incident, now),
        "assigned_to": incident.assigned_to.email if incident.assigned_to else "",
        "is_snoozed": bool(incident.snoozed_until and incident.snoozed_until > now),
        "is_open": incident.state == IncidentState.OPEN,
        "is_closed": incident.state == IncidentState.CLOSED,
        "opened_at": words.moment(incident.opened_at),
        "acknowledged": f"{by.name}, {words.moment(incident.acknowledged_at)}" if by else "",
        "closed": words.moment(incident.closed_at),
        "closed_by": closed.name if closed else "itself",
        "root_cause": incident.root_cause,
    }


def who(incident: Incident, now: datetime) -> str:
    """Say in a few words whose it is and how it stands."""
    parts = []
    if incident.assigned_to:
        parts.append(incident.assigned_to.name)
    if incident.acknowledged_by and incident.acknowledged_by != incident.assigned_to:
        parts.append(f"acknowledged by {incident.acknowledged_by.name}")
    elif incident.acknowledged_by:
        parts.append("acknowledged")
    if incident.snoozed_until and incident.snoozed_until > now:
        parts.append(f"snoozed until {words.moment(incident.snoozed_until)}")
    parts = parts or ["nobody's yet"]
    if incident.escalated and incident.state == IncidentState.OPEN:
        parts.append("escalated")
    return ", ".join(parts)


def rungs(run: Run | None, readings: list[Reading]) -> list[dict[str, Any]]:
    """Return the ladder of the newest run of the incident."""
    return [] if run is None else ladder(run, readings)


def alerts(found: Iterable[Alert]) -> list[dict[str, Any]]:
    """Return the alerts of the incident; what many share is explained once."""
    rows, explained = [], set()
    for one in found:
        kind = (one.condition, one.check_kind)
        explains = one.state != AlertState.RESOLVED and kind not in explained
        if explains:
            explained.add(kind)
        rows.append(_alert(one) | {"words": _advice(one) if explains else None})
    return rows


def _advice(found: Alert) -> dict[str, str]:
    """Return what the message says of it too, as long as somebody can act on it."""
    told = words_of(found.condition, kind=found.check_kind)
    return {
        "likely": told.likely,
        "effect": told.effect,
        "do_now": told.do_now,
        "nothing": told.nothing.format(good=good_windows(found.detail.get("good", 1))),
    }


def _alert(found: Alert) -> dict[str, Any]:
    """Return one alert of the incident."""
    run = found.latest_run
    return {
        "mark": words.severity(found.severity),
        "headline": found.headline,
        "model": found.model.name,
        "slug": found.model.slug,
        "check": found.check_slug,
        "segment": found.segment,
        "since": words.day(found.since),
        "state": found.get_state_display().lower(),
        "run": f"/m/{found.model.slug}/runs/{run.pk}/" if run else "",
        "notes": [note.text for note in found.notes.all()],
    }


def past(incident: Incident) -> dict[str, Any]:
    """Return how an earlier incident of this cause was closed."""
    return {
        "number": incident.pk,
        "verdict": incident.get_verdict_display().lower() or "no verdict",
        "at": words.moment(incident.closed_at),
        "root_cause": incident.root_cause,
    }


def suggested(found: Suggestion | None) -> dict[str, Any] | None:
    """Return what earlier cases suggest, in words."""
    if found is None:
        return None
    cases = "earlier case" if found.of == 1 else "earlier cases"
    which = "of this cause" if found.same_cause else "of this kind in the unit"
    return {
        "said": f"{found.verdict.label}: {found.count} of {found.of} {cases} {which}.",
        "number": found.newest.pk,
        "root_cause": found.newest.root_cause,
        "verdict": found.verdict,
    }


def decision(found: Decision) -> dict[str, Any]:
    """Return what the policy last decided for a model of the incident."""
    return {
        "mark": ACTIONS[found.action],
        "model": found.model.name,
        "policy": found.policy_version.policy.slug,
        "reason": found.reasons[0] if found.reasons else "",
        "at": words.moment(found.at),
    }


def delivery(found: Delivery) -> dict[str, Any]:
    """Return whom a message went to, and whether it arrived."""
    person, message = found.channel.person, found.message
    return {
        "mark": _DELIVERY[DeliveryState(found.state)],
        "to": person.name if person else found.channel.slug,
        "by": found.channel.get_kind_display().lower(),
        "kind": _TOLD.get(found.kind, found.kind),
        "at": words.moment((message and message.sent_at) or found.owed_at),
        "error": message.error if message else found.held,
        "dead": found.pk if found.state == DeliveryState.DEAD else None,
    }


def history(event: AuditEvent) -> dict[str, Any]:
    """Return one thing somebody did."""
    return {
        "at": words.moment(event.at),
        "who": event.actor_label,
        "what": words.sentence(event.action),
        "reason": event.reason,
    }
