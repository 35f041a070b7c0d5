"""Endpoints of incidents: look, acknowledge, close."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import URLPattern
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import incidents
from monitoring.api import alerts, deliveries
from monitoring.models import Incident
from monitoring.queries import incidents as queries
from monitoring.states import IncidentState
from registry.api_view import ResourceView, documented, route
from registry.bodies import Body
from registry.plain_text import Lines
from registry.problems import invalid

FILTERS: Mapping[str, str] = {
    "state": "open, acknowledged or closed",
    "model": "slug of a model",
    "bu": "slug of the business unit; several with commas",
}


class IncidentAnswer(BaseModel):
    id: int
    title: str
    cause: str
    state: str
    severity: str
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    assigned_to: str | None
    snoozed_until: datetime | None
    escalated: int
    closed_at: datetime | None
    closed_by: str | None
    verdict: str
    root_cause: str


class IncidentDetailAnswer(IncidentAnswer):
    alerts: list[alerts.AlertAnswer]
    deliveries: list[deliveries.DeliveryAnswer]
    earlier: list[IncidentAnswer]
    can_act: bool


class AcknowledgeBody(Body):
    """Why, if there is more to say than "I am on it"."""

    reason: Lines = Field(default="", max_length=500)


class CloseBody(Body):
    """What it was and what caused it."""

    verdict: str
    root_cause: Lines


class IncidentList(ResourceView):
    @documented("List incidents", answer=IncidentAnswer, listed=True, filters=FILTERS)
    def get(self, request: Request) -> Response:
        """Return the incidents with an alert of a model you see, newest first."""
        params = request.query_params
        found = queries.visible_incidents(self.actor)
        if "state" in params:
            if params["state"] not in IncidentState.values:
                fix = f"one of {', '.join(IncidentState.values)}"
                raise invalid("/state", "invalid", "there is no such state", fix)
            found = found.filter(state=params["state"])
        if "model" in params or "bu" in params:
            # Through the alerts the actor sees, so that a filter never tells of others.
            seen = queries.visible_alerts(self.actor)
            narrowed = {name: params[name] for name in ("model", "bu") if name in params}
            found = found.filter(alerts__in=_of(seen, narrowed)).distinct()
        return self.page(found, order=["-opened_at", "-id"], show=show)


def _of(seen: Any, wanted: dict[str, str]) -> Any:
    if "model" in wanted:
        seen = seen.filter(model__slug=wanted["model"])
    if "bu" in wanted:
        seen = seen.filter(model__unit__slug__in=wanted["bu"].split(","))
    return seen.values("pk")


class IncidentDetail(ResourceView):
    @documented("Get an incident", answer=IncidentDetailAnswer)
    def get(self, request: Request, number: str) -> Response:
        """Return one incident, by 381 or INC-381, with its alerts and who was told."""
        found = queries.incident_detail(self.actor, number)
        answer = IncidentDetailAnswer(
            **show(found.incident).model_dump(),
            alerts=[alerts.show(alert) for alert in found.alerts],
            deliveries=[deliveries.show(delivery) for delivery in found.deliveries],
            earlier=[show(incident) for incident in found.earlier],
            can_act=found.can_act,
        )
        return self.answer(answer)


class IncidentAcknowledge(ResourceView):
    @documented("Acknowledge an incident", body=AcknowledgeBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Say that you are on it; its firing alerts are acknowledged with it."""
        incidents.require_right(self.actor, number)  # before the body: 403 comes before 400
        body = self.read(AcknowledgeBody)
        done = incidents.acknowledge(self.actor, number, reason=body.reason, at=self.at)
        return self.answer(show(done))


class IncidentClose(ResourceView):
    @documented("Close an incident", body=CloseBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Close it with a verdict (real_drift, pipeline_fault, expected, false_alarm) and cause."""
        incidents.require_right(self.actor, number)
        body = self.read(CloseBody)
        done = incidents.close(
            self.actor, number, verdict=body.verdict, root_cause=body.root_cause, at=self.at
        )
        return self.answer(show(done))


def show(incident: Incident) -> IncidentAnswer:
    """Return an incident as the API answers it."""
    return IncidentAnswer(
        id=incident.pk,
        title=incident.title,
        cause=incident.cause,
        state=incident.state,
        severity=incident.severity,
        opened_at=incident.opened_at,
        acknowledged_at=incident.acknowledged_at,
        acknowledged_by=incident.acknowledged_by.email if incident.acknowledged_by else None,
        acknowledged_until=incident.acknowledged_until,
        assigned_to=incident.assigned_to.email if incident.assigned_to else None,
        snoozed_until=incident.snoozed_until,
        escalated=incident.escalated,
        closed_at=incident.closed_at,
        closed_by=incident.closed_by.email if incident.closed_by else None,
        verdict=incident.verdict,
        root_cause=incident.root_cause,
    )


urlpatterns: list[URLPattern] = [
    route("incidents/", IncidentList, "incidents"),
    route("incidents/<number>/", IncidentDetail, "incident"),
    route("incidents/<number>/acknowledge/", IncidentAcknowledge, "incident-acknowledge"),
    route("incidents/<number>/close/", IncidentClose, "incident-close"),
]
