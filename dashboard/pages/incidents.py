"""Incidents: the list, and one case in the order Monitor, Diagnose, Act, Close."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.pages import incident_rows
from dashboard.pages.door import number_from, page, pager
from dashboard.queries import incidents as read
from dashboard.queries import runs
from dashboard.queries.frame import actor_of, visible
from monitoring.models import Incident
from monitoring.states import CloseVerdict, IncidentState
from registry import access, clock
from registry.access import Right

_STATES = (("open", "Open"), ("closed", "Closed"))


@page
def incidents(request: HttpRequest) -> HttpResponse:
    """List incidents, open ones first."""
    state = "closed" if request.GET.get("state") == "closed" else "open"
    number = number_from(request, "page")
    found = read.incidents_for(visible(request), state=state, page=number)
    now = clock.now()
    context = {
        "rows": [incident_rows.row(incident, now) for incident in found[: read.PAGE]],
        "tabs": [
            {"name": name, "href": f"?state={value}", "here": value == state}
            for value, name in _STATES
        ],
        "state": state,
        "pages": pager(request, number, len(found) > read.PAGE),
    }
    return render(request, "pages/incidents.html", context)


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
    alerts = list(found.alerts.all())
    newest = max((a.latest_run for a in alerts if a.latest_run), key=lambda r: r.pk, default=None)
    readings = runs.readings_of(newest) if newest else []
    now = clock.now()
    context = {
        "incident": incident_rows.heading(found, now),
        "steps": incident_rows.rungs(newest, readings),
        "alerts": incident_rows.alerts(alerts),
        "similar": [incident_rows.past(row) for row in read.similar_to(found, visible(request))],
        "decisions": [incident_rows.decision(row) for row in read.decisions_for(alerts)],
        "told": [incident_rows.delivery(row) for row in read.deliveries_of(alerts)],
        "history": [
            incident_rows.history(row) for row in read.history_of(actor_of(request), found)
        ],
        "models": sorted({(a.model.name, a.model.slug) for a in alerts}),
        "verdicts": [v for v in CloseVerdict.choices if v[0] != CloseVerdict.RECOVERED],
        "may_act": _may_act(request, found),
        "errors": errors or {},
        "given": request.POST,
    }
    return render(request, "pages/incident.html", context, status=status)


def _may_act(request: HttpRequest, found: Incident) -> bool:
    """Say whether the reader may act; a case that ended by itself still wants its verdict."""
    if found.state == IncidentState.CLOSED and found.closed_by_id is not None:
        return False
    units = {alert.model.unit for alert in found.alerts.all()}
    actor = actor_of(request)
    return all(access.can(actor, Right.ACT_ON_INCIDENTS, unit) for unit in units)
