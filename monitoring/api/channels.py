"""Endpoints of channels: where a unit's messages go besides the owners' mailboxes."""

from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import channels
from monitoring.models import Channel
from monitoring.queries import deliveries as queries
from registry.api_view import ResourceView, documented, route


class ChannelAnswer(BaseModel):
    slug: str
    kind: str
    business_unit: str | None
    address: str
    has_secret: bool
    hears: str
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str
    failing_since: datetime | None
    failure: str


class ChannelList(ResourceView):
    @documented("List channels", answer=ChannelAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the channels of the units you see, and your own mailbox."""
        return self.page(queries.visible_channels(self.actor), order=["slug"], show=show)


class ChannelDetail(ResourceView):
    subject = Channel, {"slug": "slug"}

    @documented("Get a channel", answer=ChannelAnswer)
    def get(self, request: Request, slug: str) -> Response:
        """Return one channel; its secret is never answered."""
        return self.answer(show(queries.visible_channels(self.actor).get(slug=slug)))

    @documented("Put a channel", body=channels.ChannelBody, answer=ChannelAnswer, upsert=True)
    def put(self, request: Request, slug: str) -> Response:
        """Make or change a unit's channel; `enabled` switches one on again that was given up."""
        channel, created = channels.put_channel(self.actor, slug, request.data, at=self.at)
        return self.answer(show(channel), created=created)


def show(channel: Channel) -> ChannelAnswer:
    """Return a channel as the API answers it."""
    return ChannelAnswer(
        slug=channel.slug,
        kind=channel.kind,
        business_unit=channel.unit.slug if channel.unit else None,
        address=channel.address,
        has_secret=bool(channel.secret),
        hears=channel.hears,
        enabled=channel.disabled_at is None,
        disabled_at=channel.disabled_at,
        disabled_reason=channel.disabled_reason,
        failing_since=channel.failing_since,
        failure=channel.failure,
    )


urlpatterns: list[URLPattern] = [
    route("channels/", ChannelList, "channels"),
    route("channels/<slug>/", ChannelDetail, "channel"),
]
