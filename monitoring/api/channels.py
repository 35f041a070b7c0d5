"""Endpoints of channels: where a unit's messages go besides the owners' mailboxes."""

from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import channels
from monitoring.models import Channel, Message
from monitoring.queries import deliveries as queries
from registry.api_view import ResourceView, documented, route
from registry.bodies import Body


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


class TestBody(Body):
    """Nothing has to be said."""


class MessageAnswer(BaseModel):
    id: int
    key: str
    kind: str
    incident: int | None
    state: str
    attempts: int
    made_at: datetime
    due_at: datetime
    sent_at: datetime | None
    receipt: str
    error: str


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


class ChannelTest(ResourceView):
    subject = Channel, {"slug": "slug"}

    @documented("Send a test message", body=TestBody, answer=MessageAnswer)
    def post(self, request: Request, slug: str) -> Response:
        """Send a test by the way of every message; its end stands among the channel's messages."""
        channels.require_right(self.actor, slug)
        self.read(TestBody)
        return self.answer(show_message(channels.send_test(self.actor, slug, at=self.at)))


class ChannelMessages(ResourceView):
    subject = Channel, {"slug": "slug"}

    @documented("List a channel's messages", answer=MessageAnswer, listed=True)
    def get(self, request: Request, slug: str) -> Response:
        """Return what was sent to a channel, is owed to it, or was given up, newest first."""
        channel = queries.visible_channels(self.actor).get(slug=slug)
        found = queries.messages_of(channel)
        return self.page(found, order=["-made_at", "-id"], show=show_message)


def show_message(message: Message) -> MessageAnswer:
    """Return a message as the API answers it: what became of it, not what it says."""
    return MessageAnswer(
        id=message.pk,
        key=message.key,
        kind=message.kind,
        incident=message.incident_id,
        state=message.state,
        attempts=message.attempts,
        made_at=message.made_at,
        due_at=message.due_at,
        sent_at=message.sent_at,
        receipt=message.receipt,
        error=message.error,
    )


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
    route("channels/<slug>/test/", ChannelTest, "channel-test"),
    route("channels/<slug>/messages/", ChannelMessages, "channel-messages"),
]
