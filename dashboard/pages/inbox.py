"""The inbox: which cases need somebody, worst first, and what one does with several at once."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages import incident_rows
from dashboard.pages.door import number_from, page, pager
from dashboard.pages.incidents import LENGTHS
from dashboard.queries import inbox as read
from dashboard.queries.frame import actor_of, visible
from monitoring.models import Alert, Incident
from monitoring.states import IncidentState
from registry import access, clock
from registry.access import Right
from registry.actors import Actor

_TABS = {
    "mine": "For me",
    "all": "All open",
    "unassigned": "Unassigned",
    "snoozed": "Snoozed",
    "closed": "Closed",
}


@page
def incidents(request: HttpRequest) -> HttpResponse:
    """List the incidents of one tab; without a tab mine, or all when none is mine."""
    now, seen = clock.now(), visible(request)
    person = request.user.pk or 0
    counted = read.counts(seen, person=person, now=now)
    tab = request.GET.get("tab", "")
    if tab not in _TABS:
        tab = "mine" if counted["mine"] else "all"
    number = number_from(request, "page")
    found = read.incidents(seen, tab=tab, person=person, now=now, page=number)
    alerts = read.worst_alerts(seen, found[: read.PAGE]) if found else {}
    mine = _where_one_acts(actor_of(request), found)
    rows = [row(one, alerts.get(one.pk, []), mine, now) for one in found[: read.PAGE]]
    context = {
        "rows": rows,
        "may_act": any(one["may_act"] for one in rows),
        "tab": tab,
        "tabs": [
            {
                "name": f"{name} {counted[key]}" if key in counted else name,
                "href": f"?tab={key}",
                "here": key == tab,
            }
            for key, name in _TABS.items()
        ],
        "pages": pager(request, number, len(found) > read.PAGE),
        "budget": read.budget(person, now=now),
        "empty": None if found else _empty(request, now),
        "lengths": LENGTHS.items(),
        "path": request.get_full_path(),
    }
    return render(request, "pages/incidents.html", context)


def row(incident: Incident, alerts: list[Alert], mine: set[int], now: datetime) -> dict[str, Any]:
    """Return one case as a line of the inbox."""
    more = max(getattr(incident, "firing", 0) - len(alerts), 0)
    return {
        "number": incident.pk,
        "title": incident.title,
        "mark": words.severity(incident.severity),
        "unit": getattr(incident, "unit", ""),
        "models": getattr(incident, "models", 0),
        "opened": words.age(incident.opened_at, now),
        "who": incident_rows.who(incident, now),
        "alerts": [_alert(alert) for alert in alerts],
        "more": more,
        "may_act": set(getattr(incident, "units", ())) <= mine,
        "is_open": incident.state == IncidentState.OPEN,
        "is_closed": incident.state == IncidentState.CLOSED,
        "is_snoozed": bool(incident.snoozed_until and incident.snoozed_until > now),
        "verdict": incident.get_verdict_display(),
        "closed": words.age(incident.closed_at, now),
        "flapping": any(alert.flapping for alert in alerts),
    }


def _where_one_acts(actor: Actor, found: list[Incident]) -> set[int]:
    """Return the ids of the units of these incidents in which the reader may act."""
    wanted = {unit for one in found for unit in getattr(one, "units", ())}
    units = access.visible_units(actor).filter(pk__in=wanted) if wanted else ()
    return {unit.pk for unit in units if access.can(actor, Right.ACT_ON_INCIDENTS, unit)}


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "model": alert.model.name,
        "slug": alert.model.slug,
        "headline": alert.headline,
        "segment": alert.segment,
        "muted": alert.detail.get("muted_by") is not None,
        "over": alert.resolved_at is not None,
        "flapping": alert.flapping,
    }


def _empty(request: HttpRequest, now: datetime) -> dict[str, Any]:
    watched, at = read.latest_look(visible(request))
    return {"watched": watched, "looked": words.age(at, now) if at else ""}
