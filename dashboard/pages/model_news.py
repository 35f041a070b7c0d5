"""What happened to a model, as plain rows: alerts, incidents, events and the audit."""

from datetime import datetime
from typing import Any

from dashboard import words
from monitoring.alerts.condition_words import words_of
from monitoring.models import Alert, Incident
from registry.models import AuditEvent, ModelEvent


def alert(row: Alert, now: datetime) -> dict[str, Any]:
    """Return an open alert with what one can do about it."""
    return {
        "mark": words.severity(row.severity),
        "headline": row.headline,
        "since": words.day(row.since),
        "opened": words.age(row.opened_at, now),
        "condition": words_of(row.condition, kind=row.check_kind).label,
        "segment": row.segment,
        "incident": row.incident_id,
        "acknowledged": row.acknowledged_by.name if row.acknowledged_by else "",
        "waits": row.state == "firing",
        "run": row.latest_run_id,
        "notes": [note.text for note in row.notes.all()],
    }


def incident(row: Incident) -> dict[str, Any]:
    """Return a closed incident."""
    verdict = row.get_verdict_display().lower() or "no verdict"
    closed = words.moment(row.closed_at)
    return {"number": row.pk, "title": row.title, "said": f"closed {closed}: {verdict}"}


def event(row: ModelEvent) -> dict[str, Any]:
    """Return what happened to the model in MLflow."""
    number = getattr(row, "number", None)
    named = f"{row.get_kind_display()}{f' (version {number})' if number else ''}"
    alarming = row.kind == ModelEvent.Kind.SERVING_WITHOUT_APPROVAL
    return {"at": words.moment(row.at), "what": named, "alarming": alarming}


def audit(row: AuditEvent) -> dict[str, Any]:
    """Return one line of the audit."""
    return {
        "at": words.moment(row.at),
        "who": row.actor_label,
        "what": words.sentence(row.action),
        "object": f"{words.thing(row.object_type)} {row.object_label}",
        "reason": row.reason,
    }
