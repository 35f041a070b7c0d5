"""Endpoint of deliveries: who was told what, and what is still owed or was given up."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.models import Channel, Delivery
from monitoring.queries import deliveries as queries
from monitoring.states import DeliveryState
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid

FILTERS: Mapping[str, str] = {
    "state": "owed, sent or dead (given up)",
    "kind": "firing or resolved",
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
    attempts: int
    owed_at: datetime
    due_at: datetime
    sent_at: datetime | None
    receipt: str
    error: str


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


def recipient(channel: Channel) -> str:
    """Say who stands behind a channel, in words."""
    if channel.person is not None:
        return channel.person.name
    return f"{channel.get_kind_display()} of {channel.unit.name if channel.unit else ''}"


def show(delivery: Delivery) -> DeliveryAnswer:
    """Return a delivery as the API answers it."""
    alert = delivery.alert
    return DeliveryAnswer(
        id=delivery.pk,
        alert=alert.pk,
        incident=alert.incident_id,
        model=alert.model.slug,
        channel=delivery.channel.slug,
        to=recipient(delivery.channel),
        kind=delivery.kind,
        state=delivery.state,
        attempts=delivery.attempts,
        owed_at=delivery.owed_at,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        receipt=delivery.receipt,
        error=delivery.error,
    )


urlpatterns: list[URLPattern] = [route("deliveries/", DeliveryList, "deliveries")]
