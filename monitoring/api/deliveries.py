"""Endpoint of deliveries: who was told what, and what is still owed or was given up."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import resending
from monitoring.models import Channel, Delivery
from monitoring.queries import deliveries as queries
from monitoring.states import DeliveryState
from registry.api_view import ResourceView, documented, route
from registry.bodies import Body
from registry.problems import invalid

FILTERS: Mapping[str, str] = {
    "state": "owed, sent or dead (given up)",
    "kind": "firing, acknowledged, reminder, escalated or resolved",
    "model": "slug of a model",
    "alert": "number of an alert",
}


class DeliveryAnswer(BaseModel):
    id: int
    alert: int
    incident: int
    model: str
    channel: str
    to: str
    kind: str
    state: str
    route: str
    held: str
    message: int | None
    attempts: int
    owed_at: datetime
    due_at: datetime
    sent_at: datetime | None
    receipt: str
    error: str


class ResendBody(Body):
    """Nothing has to be said."""


class DeliveryList(ResourceView):
    @documented("List deliveries", answer=DeliveryAnswer, listed=True, filters=FILTERS)
    def get(self, request: Request) -> Response:
        """Return the messages about the models you see, newest first."""
        params = request.query_params
        found = queries.visible_deliveries(self.actor)
        if "state" in params:
            if params["state"] not in DeliveryState.values:
                fix = f"one of {', '.join(DeliveryState.values)}"
                raise invalid("/state", "invalid", "there is no such state", fix)
            found = found.filter(state=params["state"])
        if "kind" in params:
            found = found.filter(kind=params["kind"])
        if "model" in params:
            found = found.filter(alert__model__slug=params["model"])
        if "alert" in params:
            number = params["alert"]
            if not number.isascii() or not number.isdigit() or len(number) > 18:
                raise invalid(
                    "/alert", "invalid", "this is no number of an alert", "such as alert=12"
                )
            found = found.filter(alert=int(number))
        return self.page(found, order=["-owed_at", "-id"], show=show)


class DeliveryResend(ResourceView):
    @documented("Send a delivery again", body=ResendBody, answer=DeliveryAnswer)
    def post(self, request: Request, number: str) -> Response:
        """Send what was given up once more: the same message, with the same key."""
        resending.find(self.actor, number)  # before the body: 403 comes before 400
        self.read(ResendBody)
        return self.answer(show(resending.resend(self.actor, number, at=self.at)))


def recipient(channel: Channel) -> str:
    """Say who stands behind a channel, in words."""
    if channel.person is not None:
        return channel.person.name
    return f"{channel.get_kind_display()} of {channel.unit.name if channel.unit else ''}"


def show(delivery: Delivery) -> DeliveryAnswer:
    """Return a delivery as the API answers it."""
    alert, message = delivery.alert, delivery.message
    return DeliveryAnswer(
        id=delivery.pk,
        alert=alert.pk,
        incident=alert.incident_id,
        model=alert.model.slug,
        channel=delivery.channel.slug,
        to=recipient(delivery.channel),
        kind=delivery.kind,
        state=delivery.state,
        route=delivery.route,
        held=delivery.held,
        message=delivery.message_id,
        attempts=message.attempts if message else 0,
        owed_at=delivery.owed_at,
        due_at=message.due_at if message else delivery.due_at,
        sent_at=message.sent_at if message else None,
        receipt=message.receipt if message else "",
        error=message.error if message else "",
    )


urlpatterns: list[URLPattern] = [
    route("deliveries/", DeliveryList, "deliveries"),
    route("deliveries/<number>/resend/", DeliveryResend, "delivery-resend"),
]
