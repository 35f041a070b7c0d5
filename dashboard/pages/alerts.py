"""The list of alerts: what waits for me, worst first."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages.door import number_from, page, pager
from dashboard.queries.frame import visible
from dashboard.queries.incidents import PAGE, alerts_for
from monitoring.models import Alert
from registry import clock

_STATES = (
    ("open", "Open"),
    ("firing", "Not acknowledged"),
    ("acknowledged", "Acknowledged"),
    ("resolved", "Resolved"),
)


@page
def alerts(request: HttpRequest) -> HttpResponse:
    """List alerts; the address says whose and in which state."""
    state = request.GET.get("state", "open")
    state = state if state in dict(_STATES) else "open"
    mine = request.GET.get("owner") == "me"
    number = number_from(request, "page")
    person = request.user.pk if mine else None
    found = alerts_for(visible(request), state=state, person=person, page=number)
    now = clock.now()
    context = {
        "rows": [_row(alert, now) for alert in found[:PAGE]],
        "state": state,
        "mine": mine,
        "tabs": _tabs(state, mine),
        "pages": pager(request, number, len(found) > PAGE),
    }
    return render(request, "pages/alerts.html", context)


def _tabs(state: str, mine: bool) -> list[dict[str, Any]]:
    whose = "&owner=me" if mine else ""
    tabs = [
        {"name": name, "href": f"?state={value}{whose}", "here": value == state}
        for value, name in _STATES
    ]
    other = "" if mine else "&owner=me"
    name = "Only mine"
    return [*tabs, {"name": name, "href": f"?state={state}{other}", "here": mine}]


def _row(alert: Alert, now: Any) -> dict[str, Any]:
    handled = alert.acknowledged_by.name if alert.acknowledged_by else ""
    state = alert.get_state_display().lower()
    return {
        "mark": words.severity(alert.severity),
        "headline": alert.headline,
        "segment": alert.segment,
        "model": alert.model.name,
        "slug": alert.model.slug,
        "unit": alert.model.unit.name,
        "owner": alert.model.owner.name,
        "since": words.day(alert.since),
        "told": words.age(alert.opened_at, now),
        "state": f"{state} by {handled}" if handled and alert.resolved_at is None else state,
        "incident": alert.incident_id,
    }
