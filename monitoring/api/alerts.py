"""Endpoints of alerts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.models import Alert
from monitoring.queries import incidents as queries
from monitoring.states import AlertState, Severity
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid

FILTERS: Mapping[str, str] = {
    "state": "firing, acknowledged or resolved; `open` for both that are not resolved",
    "severity": "critical or watch",
    "condition": "drift, breach, data_fault, source_fault, not_evaluated, missed or failed",
    "model": "slug of a model",
    "bu": "slug of the business unit; several with commas",
}


class AlertAnswer(BaseModel):
    id: int
    model: str
    business_unit: str
    check: str | None
    condition: str
    segment: str
    state: str
    severity: str
    headline: str
    flapping: bool
    incident: int
    since: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    opened_by_run: int | None
    latest_run: int | None
    detail: dict[str, Any]


class AlertList(ResourceView):
    @documented("List alerts", answer=AlertAnswer, listed=True, filters=FILTERS)
    def get(self, request: Request) -> Response:
        """Return the alerts of the models you see, newest first."""
        alerts = queries.visible_alerts(self.actor).select_related(*queries.ALERT_RELATIONS)
        found = narrow(alerts, request.query_params)
        return self.page(found, order=["-opened_at", "-id"], show=show)


class AlertDetail(ResourceView):
    @documented("Get an alert", answer=AlertAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Return one alert."""
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise Alert.DoesNotExist
        alerts = queries.visible_alerts(self.actor).select_related(*queries.ALERT_RELATIONS)
        return self.answer(show(alerts.get(pk=int(number))))


def narrow(alerts: QuerySet[Alert], params: QueryDict) -> QuerySet[Alert]:
    """Narrow a list of alerts by FILTERS."""
    given, wanted = {name: str(params[name]) for name in params}, Q()
    if "state" in given:
        states = {"open": queries.OPEN_ALERTS, **{s: (s,) for s in AlertState.values}}
        if given["state"] not in states:
            fix = f"one of {', '.join(states)}"
            raise invalid("/state", "invalid", "there is no such state", fix)
        wanted &= Q(state__in=states[given["state"]])
    if "severity" in given:
        if given["severity"] not in Severity.values:
            fix = f"one of {', '.join(Severity.values)}"
            raise invalid("/severity", "invalid", "there is no such severity", fix)
        wanted &= Q(severity=given["severity"])
    if "condition" in given:
        wanted &= Q(condition=given["condition"])
    if "model" in given:
        wanted &= Q(model__slug=given["model"])
    if "bu" in given:
        wanted &= Q(model__unit__slug__in=given["bu"].split(","))
    return alerts.filter(wanted)


def show(alert: Alert) -> AlertAnswer:
    """Return an alert as the API answers it."""
    return AlertAnswer(
        id=alert.pk,
        model=alert.model.slug,
        business_unit=alert.model.unit.slug,
        check=alert.check_slug or None,
        condition=alert.condition,
        segment=alert.segment,
        state=alert.state,
        severity=alert.severity,
        headline=alert.headline,
        flapping=alert.flapping,
        incident=alert.incident_id,
        since=alert.since,
        opened_at=alert.opened_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by.email if alert.acknowledged_by else None,
        resolved_at=alert.resolved_at,
        opened_by_run=alert.opened_by_run_id,
        latest_run=alert.latest_run_id,
        detail=alert.detail,
    )


urlpatterns: list[URLPattern] = [
    route("alerts/", AlertList, "alerts"),
    route("alerts/<number>/", AlertDetail, "alert"),
]
