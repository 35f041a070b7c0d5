"""What the page of a channel shows besides its form: a test, and what became of its messages."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboard import words
from dashboard.pages.door import act
from dashboard.queries import settings as read
from dashboard.queries.frame import actor_of
from monitoring import channels as operations
from monitoring.alerts.notices import TEST
from monitoring.models import Channel, Message
from monitoring.queries.deliveries import messages_of
from monitoring.states import DeliveryState
from registry import access, clock
from registry.access import Right
from registry.actors import Actor
from registry.problems import Invalid

_SHOWN = 20


@act
def test(request: HttpRequest, key: str) -> HttpResponse:
    """Send a test message and go back to where its end will stand."""
    try:
        operations.send_test(actor_of(request), key, at=clock.now())
    except Invalid as error:
        said = "; ".join(words.fault(item.detail, item.fix) for item in error.errors)
        messages.error(request, said, "error")
    else:
        text = "A test is on its way. What becomes of it stands under Latest messages: look again."
        messages.success(request, text, "done")
    return HttpResponseRedirect(f"/settings/channels/{key}/")


def context(actor: Actor, key: str) -> dict[str, Any]:
    """Return what the page of a known channel shows besides its form."""
    channel = read.channels(actor).get(slug=key)
    return {
        "channel": {
            "kind": channel.get_kind_display(),
            "unit": channel.unit.name if channel.unit else "",
            "trouble": _trouble(channel),
            "may_test": channel.disabled_at is None
            and access.can(actor, Right.MANAGE_UNIT, channel.unit),
            "messages": [_row(message) for message in messages_of(channel)[:_SHOWN]],
        }
    }


def _trouble(channel: Channel) -> str:
    if channel.disabled_at is not None:
        since = words.moment(channel.disabled_at)
        return f"Switched off since {since}: {channel.disabled_reason}"
    if channel.failing_since is not None:
        since = words.moment(channel.failing_since)
        return f"Nothing gets through since {since}: {channel.failure}"
    return ""


def _row(message: Message) -> dict[str, str]:
    is_test = message.key.startswith(f"{TEST}-")
    state = DeliveryState(message.state).label
    if message.state == DeliveryState.OWED:
        state = f"Owed, next try {words.moment(message.due_at)}"
    return {
        "at": words.moment(message.made_at),
        "kind": "Test" if is_test else message.get_kind_display(),
        "incident": str(message.incident_id or ""),
        "state": state,
        "attempts": str(message.attempts),
        "said": message.error or message.receipt,
    }
