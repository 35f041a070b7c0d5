"""Endpoints that hand incidents around: snooze, wake, assign, and one act on several."""

from typing import Any, Literal

from django.urls import URLPattern
from pydantic import AwareDatetime, BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import handling, incidents
from monitoring.api.incidents import IncidentAnswer, show
from registry.api_view import ResourceView, documented, route
from registry.bodies import Body
from registry.plain_text import Lines
from registry.problems import invalid

MOST = 200


class SnoozeBody(Body):
    """Until when; without it until the next check of the incident's models is due."""

    until: AwareDatetime | None = None
    reason: Lines = Field(default="", max_length=500)


class WakeBody(Body):
    """Nothing has to be said."""


class AssignBody(Body):
    """The mail address of whom it is given to; null for nobody."""

    person: str | None = Field(max_length=254)
    reason: Lines = Field(default="", max_length=500)


class EscalateBody(Body):
    """Why it cannot wait."""

    reason: Lines = Field(default="", max_length=400)


class ManyBody(Body):
    """One act on several incidents; `until` is for snooze, `person` for assign."""

    incidents: list[int] = Field(min_length=1, max_length=MOST)
    act: Literal["acknowledge", "snooze", "wake", "assign"]
    until: AwareDatetime | None = None
    person: str | None = Field(default=None, max_length=254)
    reason: Lines = Field(default="", max_length=500)


class Acted(BaseModel):
    """What became of one of them."""

    incident: int
    done: bool
    error: str


class ManyAnswer(BaseModel):
    results: list[Acted]


class IncidentSnooze(ResourceView):
    @documented("Snooze an incident", body=SnoozeBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Put it off; it comes back at that time, or at once when it gets worse."""
        incidents.require_right(self.actor, number)
        body = self.read(SnoozeBody)
        done = handling.snooze(self.actor, number, until=body.until, reason=body.reason, at=self.at)
        return self.answer(show(done))


class IncidentWake(ResourceView):
    @documented("End an incident's snooze", body=WakeBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """End the snooze now."""
        incidents.require_right(self.actor, number)
        self.read(WakeBody)
        return self.answer(show(handling.wake(self.actor, number, at=self.at)))


class IncidentAssign(ResourceView):
    @documented("Assign an incident", body=AssignBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Give it to somebody who may act on it, or (null) to nobody."""
        incidents.require_right(self.actor, number)
        body = self.read(AssignBody)
        done = handling.assign(
            self.actor, number, person=body.person, reason=body.reason, at=self.at
        )
        return self.answer(show(done))


class IncidentEscalate(ResourceView):
    @documented("Escalate an incident", body=EscalateBody, answer=IncidentAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Pass it on now, to whom it would go next if nobody acknowledged it."""
        incidents.require_right(self.actor, number)
        body = self.read(EscalateBody)
        done = handling.escalate(self.actor, number, reason=body.reason, at=self.at)
        return self.answer(show(done))


class IncidentsTogether(ResourceView):
    @documented("Act on several incidents", body=ManyBody, answer=ManyAnswer)
    def post(self, request: Request) -> Response:
        """Acknowledge, snooze, wake or assign up to 200; each for itself, with its own error."""
        body = self.read(ManyBody)
        if body.act == "assign" and "person" not in body.model_fields_set:
            detail, fix = "say whom to give them to", "a mail address, or null for nobody"
            raise invalid("/person", "required", detail, fix)

        def one(number: int) -> object:
            given: dict[str, Any] = {"at": self.at}
            if body.act == "wake":
                return handling.wake(self.actor, number, **given)
            given["reason"] = body.reason
            if body.act == "snooze":
                return handling.snooze(self.actor, number, until=body.until, **given)
            if body.act == "assign":
                return handling.assign(self.actor, number, person=body.person, **given)
            return incidents.acknowledge(self.actor, number, **given)

        told = handling.on_each(body.incidents, one)
        return self.answer(
            ManyAnswer(
                results=[Acted(incident=n, done=not wrong, error=wrong) for n, wrong in told]
            )
        )


urlpatterns: list[URLPattern] = [
    route("incidents/bulk/", IncidentsTogether, "incidents-bulk"),
    route("incidents/<number>/snooze/", IncidentSnooze, "incident-snooze"),
    route("incidents/<number>/wake/", IncidentWake, "incident-wake"),
    route("incidents/<number>/assign/", IncidentAssign, "incident-assign"),
    route("incidents/<number>/escalate/", IncidentEscalate, "incident-escalate"),
]
