"""Work off what is owed: make messages, lease, compose, send, write down; a crash costs a repeat.

Steps of `deliver_due`: (1) put news that is due into messages; (2) lease a few messages, kept by
a heartbeat; (3) compose each once and store that, so that every attempt says the same; (4) send
it outside any transaction, with the key that every attempt carries; (5) mark it sent with the
news it carried, put it off, or give it up. Dying between 4 and 5 sends the message again with the
same key, which is the most that can be promised.
"""

import json
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from monitoring import chaos, leases
from monitoring.alerts import addressing, channels, claims, contents, messages, notices, owing
from monitoring.alerts.channels import ChannelError, Outgoing
from monitoring.alerts.claims import Claim
from monitoring.models import Channel, Message, Thread
from registry import actors, audit

logger = logging.getLogger(__name__)

# What one message may take, and how long a heartbeat keeps what was claimed together; a row whose
# lease could end on the way is handed back instead.
ROW_SECONDS = 60.0
HELD_SECONDS = 120.0
_ALERT = ("alert__model__unit", "alert__model__owner", "alert__model__deputy", "alert__incident")


@dataclass
class _Drain:
    """What one call has learned: where nothing gets through at the moment."""

    channels: set[int] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    sent: int = 0


def deliver_due(*, at: datetime, seconds: float) -> int:
    """Send what is due for at most `seconds`; return how many messages went out."""
    started = time.monotonic()
    drain = _Drain()
    messages.make_due(at=at)
    while time.monotonic() - started < seconds:
        messages.fold_overdue()
        leased_at = time.monotonic()
        claimed = claims.claim(skip_channels=drain.channels, skip_kinds=drain.kinds)
        if not claimed:
            # A message that was given up may have made news for who stands in.
            if messages.make_due(at=at):
                continue
            break
        with leases.kept(Message, [row.lease for row in claimed], longest=HELD_SECONDS):
            for row in claimed:
                if time.monotonic() - leased_at > HELD_SECONDS - ROW_SECONDS:
                    claims.hand_back(row)
                    continue
                _deliver(row, drain)
    return drain.sent


def _deliver(claimed: Claim, drain: _Drain) -> None:
    chaos.point("delivery.claimed")
    message = Message.objects.select_related("channel__person", "channel__unit").get(
        pk=claimed.message_id
    )
    if reason := _hopeless(message.channel, claimed):
        _give_up(claimed, message, reason)
        return
    if message.channel_id in drain.channels or message.channel.kind in drain.kinds:
        claims.hand_back(claimed)
        return
    fresh = message.content is None
    if fresh and not _compose(claimed, message):
        return
    try:
        receipt = channels.transport(message.channel.kind).send(_outgoing(claimed, message))
    except ChannelError as error:
        _failed(claimed, message, error, drain, fresh=fresh)
    except Exception as error:
        logger.exception("Unable to send message %s", message.pk)
        _failed(claimed, message, ChannelError(repr(error)), drain, fresh=fresh)
    else:
        chaos.point("delivery.sent")
        if claims.mark_sent(claimed, message, receipt=receipt.text, ref=receipt.ref):
            drain.sent += 1
        else:
            logger.warning("Message %s was overtaken by another sender", message.pk)
        chaos.point("delivery.marked")


def _compose(claimed: Claim, message: Message) -> bool:
    """Compose the message and store that; False when it is not to be sent now."""
    try:
        content = contents.compose(message, at=claimed.at)
    except Exception as error:
        # One alert that cannot be put into words must not hold up the others.
        logger.exception("Unable to compose message %s", message.pk)
        _give_up(claimed, message, f"the message cannot be composed: {error!r}")
        return False
    if not claims.freeze(claimed, content):
        # More news has joined meanwhile, or another sender is at it; either goes on from here.
        return False
    message.content = content
    chaos.point("delivery.composed")
    return True


def _outgoing(claimed: Claim, message: Message) -> Outgoing:
    channel, content = message.channel, message.content or {}
    incident = message.incident_id
    thread = Thread.objects.filter(channel=channel, incident=incident).first() if incident else None
    return Outgoing(
        key=message.key,
        kind=message.kind,
        event=content["event"],
        thread=f"incident-{incident}" if incident else message.key,
        address=channel.person.email if channel.person else channel.address,
        secret=channel.secret,
        attempt=claimed.attempts,
        at=claimed.at,
        # In one order of keys, whether they come from the database or were composed just now.
        facts=tuple(json.loads(json.dumps(content["facts"], sort_keys=True))),
        letter=addressing.addressed(message, content, contents.letter_of(content)),
        ref=thread.ref if thread else "",
    )


def _hopeless(channel: Channel, claimed: Claim) -> str:
    if channel.disabled_at is not None:
        return f"the channel is disabled: {channel.disabled_reason}"
    if channel.person is not None and not channel.person.is_active:
        return "the account is closed"
    if claimed.attempts > claims.MOST_ATTEMPTS:
        return "every attempt ended without a word; the message may kill its sender"
    return ""


def _failed(
    claimed: Claim, message: Message, error: ChannelError, drain: _Drain, *, fresh: bool
) -> None:
    # Age alone is not enough: after days of standstill each message still gets its attempts.
    too_old = (
        claimed.at - message.made_at >= claims.GIVE_UP_AFTER
        and claimed.attempts >= claims.FEWEST_ATTEMPTS
    )
    if error.permanent or too_old:
        with transaction.atomic():
            if error.disable:
                _disable(message.channel, str(error), at=claimed.at)
            _give_up(claimed, message, str(error))
        return
    # Do not spend this drain on a place that does not answer; the others go first.
    drain.channels.add(message.channel_id)
    if error.outage:
        drain.kinds.add(message.channel.kind)
    pause = claims.pause_after(claimed.attempts, key=message.key, asked=error.retry_after)
    # Nobody answered, and no attempt before was in doubt: then nobody has seen any of it.
    untouched = error.outage and fresh
    if claims.put_off(claimed, error=str(error), pause=pause, untouched=untouched):
        claims.note_failure(message.channel_id, str(error))
    logger.info("Message %s is put off by %s: %s", message.pk, pause, error)


def _give_up(claimed: Claim, message: Message, reason: str) -> None:
    """Keep the message as given up; when a person is not reached, tell who stands in."""
    with transaction.atomic():
        if not claims.mark_dead(claimed, error=reason):
            return
        logger.warning("Message %s is given up: %s", message.pk, reason)
        if message.channel.person is None:
            return
        lost = message.deliveries.filter(kind=owing.FIRING).select_related(*_ALERT)
        for one in lost:
            owing.owe_instead(one.alert, at=claimed.at)


def _disable(channel: Channel, reason: str, *, at: datetime) -> None:
    if channel.person is not None:
        return  # A mailbox is never switched off: the next mail may arrive.
    changed = Channel.objects.filter(pk=channel.pk, disabled_at=None).update(
        disabled_at=at, disabled_reason=reason
    )
    if changed:
        audit.record(
            actors.system("delivery"),
            "channel.disabled",
            channel,
            at=at,
            unit=channel.unit,
            reason=reason[:500],
        )
        notices.owe_disabled(channel, reason, at=at)
