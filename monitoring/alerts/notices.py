"""Owe messages that are about no alert: a test of a channel, and that one was switched off.

They go the way every message goes; a notice is named by what it is about, so it is owed once.
"""

from dataclasses import asdict
from datetime import datetime
from uuid import uuid4

from django.conf import settings

from monitoring.alerts import recipients
from monitoring.alerts.message import Letter, one_line
from monitoring.models import Channel, Message
from monitoring.states import DeliveryState

TEST = "test"


def owe_test(channel: Channel, *, by: str, at: datetime) -> Message:
    """Owe a test message to a unit's channel; while one is on its way there is no second one."""
    waiting = Message.objects.filter(channel=channel, key__startswith=f"{TEST}-")
    if found := waiting.filter(state=DeliveryState.OWED).order_by("pk").first():
        return found
    unit = channel.unit.name if channel.unit else ""
    hears = "critical news only" if channel.hears == Channel.Hears.CRITICAL else "everything"
    letter = Letter(
        subject=one_line(f"● TEST of channel {channel.slug} ({unit})"),
        state="ok",
        lead=f"This is a test: what Muster has to say about models of {unit} arrives here.",
        parts=(
            ("What", ("No alert is behind this, and nothing is to be done.",)),
            ("What comes here", (f"The channel hears {hears}.",)),
            ("Asked for by", (by,)),
        ),
        action="Open the channel",
        url=_page(channel),
    )
    return _owe(channel, f"{TEST}-{channel.pk}-{uuid4().hex}", letter, at=at)


def owe_disabled(channel: Channel, reason: str, *, at: datetime) -> None:
    """Tell whoever keeps a unit's channel that nothing arrives there any more, and why."""
    if channel.unit is None:
        return
    unit = channel.unit.name
    letter = Letter(
        subject=one_line(f"? CHANNEL OFF {channel.slug} ({unit}): {reason}"),
        state="unknown",
        lead=f"The {channel.get_kind_display()} channel {channel.slug} of {unit} is switched off.",
        parts=(
            ("Why", (reason,)),
            ("Effect", ("Nothing is sent there. The models' owners still get mail.",)),
            ("Do now", ("Mend its address or secret, switch it on, and send a test message.",)),
        ),
        action="Open the channel",
        url=_page(channel),
        footer=(f"You get this as an administrator of {unit}, or of the platform.",),
    )
    keepers = recipients.unit_admins_of(channel.unit) or recipients.platform_admins()
    for box in recipients.mailboxes(keepers):
        _owe(box, f"off-{channel.pk}-{at:%Y%m%dT%H%M%S%f}-{box.pk}", letter, at=at)


def _owe(channel: Channel, key: str, letter: Letter, *, at: datetime) -> Message:
    message, _ = Message.objects.get_or_create(
        key=key,
        defaults={
            "channel": channel,
            "kind": Message.Kind.REPORT,
            "interrupts": False,
            "content": {"event": "report", "facts": [], "letter": asdict(letter)},
            "made_at": at,
            "due_at": at,
        },
    )
    return message


def _page(channel: Channel) -> str:
    return f"{settings.MUSTER_PUBLIC_URL}/settings/channels/{channel.slug}/"
