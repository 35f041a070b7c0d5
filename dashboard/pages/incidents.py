"""One case in the order Monitor, Diagnose, Act, Close."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.pages import incident_rows
from dashboard.pages.door import page
from dashboard.pages.scores import explanations
from dashboard.queries import incidents as read
from dashboard.queries import runs, suggestion
from dashboard.queries.frame import actor_of, visible
from monitoring.models import Alert, Incident
from monitoring.states import AlertState, CloseVerdict, IncidentState
from policies.retraining import asking
from registry import access, clock
from registry.access import Right

MOST_CHANCES = 10  # models whose retraining is offered on one page
LENGTHS = {"next": "until the next check", "4h": "4 hours", "1d": "1 day"}


@page
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """Show one incident."""
    return show(request, read.incident_of(visible(request), number))


def show(
    request: HttpRequest,
    found: Incident,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    alerts = list(found.alerts.all())
    may_act = _may_act(request, found)
    units = {alert.model.unit_id for alert in alerts}
    context = {
        **told(request, found, now=now),
        "chances": _chances(request, alerts, now) if may_act and not _is_closed(found) else [],
        "verdicts": [v for v in CloseVerdict.choices if v[0] != CloseVerdict.RECOVERED],
        "people": read.who_may_act(units) if may_act else [],
        "lengths": LENGTHS.items(),
        "may_act": may_act,
        "may_resend": all(
            access.can(actor_of(request), Right.MANAGE_UNIT, unit)
            for unit in {alert.model.unit for alert in alerts}
        ),
        "errors": errors or {},
        "given": request.POST,
    }
    return render(request, "pages/incident.html", context, status=status)


def told(request: HttpRequest, found: Incident, *, now: datetime) -> dict[str, Any]:
    """Return what is known about the incident, as page and sheet tell it."""
    alerts, seen = list(found.alerts.all()), visible(request)
    newest = max((a.latest_run for a in alerts if a.latest_run), key=lambda r: r.pk, default=None)
    readings = runs.readings_of(newest) if newest else []
    return {
        "incident": incident_rows.heading(found, now),
        "steps": incident_rows.rungs(newest, readings),
        "segments": explanations(newest.summary)[:3] if newest else [],
        "alerts": incident_rows.alerts(alerts),
        "suggestion": incident_rows.suggested(suggestion.suggest(found, seen)),
        "similar": [incident_rows.past(row) for row in read.similar_to(found, seen)],
        "decisions": [incident_rows.decision(row) for row in read.decisions_for(alerts)],
        "told": [incident_rows.delivery(row) for row in read.deliveries_of(alerts)],
        "history": [
            incident_rows.history(row) for row in read.history_of(actor_of(request), found)
        ],
        "models": sorted({(a.model.name, a.model.slug) for a in alerts}),
    }


def _chances(request: HttpRequest, alerts: list[Alert], now: datetime) -> list[dict[str, Any]]:
    """Say for each model with an open alert whether a retraining can be asked for."""
    models = {a.model_id: a.model for a in alerts if a.state != AlertState.RESOLVED}
    rows = []
    for model in list(models.values())[:MOST_CHANCES]:
        chance = asking.chance(model, at=now)
        may = access.can(actor_of(request), Right.EDIT_POLICIES, model.unit)
        rows.append(
            {
                "model": model.name,
                "slug": model.slug,
                "can_ask": chance.can_ask,
                "impossible": chance.impossible,
                "held": chance.held,
                "may_override": bool(chance.held) and may,
            }
        )
    return rows


def _is_closed(found: Incident) -> bool:
    return found.state == IncidentState.CLOSED


def _may_act(request: HttpRequest, found: Incident) -> bool:
    """Say whether the reader may act; a case that ended by itself still wants its verdict."""
    if found.state == IncidentState.CLOSED and found.closed_by_id is not None:
        return False
    units = {alert.model.unit for alert in found.alerts.all()}
    actor = actor_of(request)
    return all(access.can(actor, Right.ACT_ON_INCIDENTS, unit) for unit in units)
