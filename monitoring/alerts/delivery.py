"""Work off the owed messages: lease, send, write down; a crash anywhere costs a repeat at most.

Steps of `deliver_due`: (1) lease a few rows, kept by a heartbeat; (2) send each outside any
transaction, with the key that every attempt carries; (3) mark it sent, put it off, or give it up.
Dying between 2 and 3 sends the message again with the same key, which is the most that can be
promised.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from monitoring import chaos, leases
from monitoring.alerts import channels, claims, message, owing, stories
from monitoring.alerts.channels import ChannelError, Outgoing
from monitoring.alerts.claims import Claim
from monitoring.models import Channel, Delivery, Message
from registry import actors, audit

logger = logging.getLogger(__name__)

# What one message may take, and how long a heartbeat keeps what was claimed together; a row whose
# lease could end on the way is handed back instead.
ROW_SECONDS = 60.0
HELD_SECONDS = 120.0


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
    while time.monotonic() - started < seconds:
        leased_at = time.monotonic()
        claimed = claims.claim(skip_channels=drain.channels, skip_kinds=drain.kinds)
        if not claimed:
            break
        with leases.kept(Delivery, [row.lease for row in claimed], longest=HELD_SECONDS):
            for row in claimed:
                if time.monotonic() - leased_at > HELD_SECONDS - ROW_SECONDS:
                    claims.hand_back(row)
                    continue
                _deliver(row, drain)
    return drain.sent


def _deliver(claimed: Claim, drain: _Drain) -> None:
    chaos.point("delivery.claimed")
    delivery = Delivery.objects.select_related(
        "channel__person",
        "alert__model__unit",
        "alert__model__owner",
        "alert__model__deputy",
        "alert__check_ref",
        "alert__incident__closed_by",
        "alert__opened_by_run__window",
    ).get(pk=claimed.delivery_id)
    if reason := _hopeless(delivery.channel, claimed):
        _give_up(claimed, delivery, reason)
        return
    if delivery.channel_id in drain.channels or delivery.channel.kind in drain.kinds:
        claims.hand_back(claimed)
        return
    try:
        outgoing = _outgoing(claimed, delivery)
    except Exception as error:
        # One alert that cannot be put into words must not hold up the others.
        logger.exception("Unable to compose delivery %s", delivery.pk)
        _give_up(claimed, delivery, f"the message cannot be composed: {error!r}")
        return
    try:
        receipt = channels.transport(delivery.channel.kind).send(outgoing)
    except ChannelError as error:
        _failed(claimed, delivery, error, drain)
    except Exception as error:
        logger.exception("Unable to send delivery %s", delivery.pk)
        _failed(claimed, delivery, ChannelError(repr(error)), drain)
    else:
        chaos.point("delivery.sent")
        if claims.mark_sent(claimed, receipt=receipt.text):
            drain.sent += 1
        else:
            logger.warning("Delivery %s was overtaken by another sender", delivery.pk)
        chaos.point("delivery.marked")


def _outgoing(claimed: Claim, delivery: Delivery) -> Outgoing:
    story = stories.tell(delivery)
    channel = delivery.channel
    return Outgoing(
        key=delivery.idempotency_key,
        kind=Message.Kind.NEWS,
        event=delivery.kind,
        thread=f"incident-{delivery.alert.incident_id}",
        address=channel.person.email if channel.person else channel.address,
        secret=channel.secret,
        attempt=claimed.attempts,
        at=claimed.at,
        facts=(stories.facts(delivery.alert, story),),
        letter=message.compose(story),
    )


def _hopeless(channel: Channel, claimed: Claim) -> str:
    if channel.disabled_at is not None:
        return f"the channel is disabled: {channel.disabled_reason}"
    if channel.person is not None and not channel.person.is_active:
        return "the account is closed"
    if claimed.attempts > claims.MOST_ATTEMPTS:
        return "every attempt ended without a word; the message may kill its sender"
    return ""


def _failed(claimed: Claim, delivery: Delivery, error: ChannelError, drain: _Drain) -> None:
    # Age alone is not enough: after days of standstill each message still gets its attempts.
    too_old = (
        claimed.at - delivery.owed_at >= claims.GIVE_UP_AFTER
        and claimed.attempts >= claims.FEWEST_ATTEMPTS
    )
    if error.permanent or too_old:
        with transaction.atomic():
            if error.disable:
                _disable(delivery.channel, str(error), at=claimed.at)
            _give_up(claimed, delivery, str(error))
        return
    # Do not spend this drain on a place that does not answer; the others go first.
    drain.channels.add(delivery.channel_id)
    if error.outage:
        drain.kinds.add(delivery.channel.kind)
    key = delivery.idempotency_key
    pause = claims.pause_after(claimed.attempts, key=key, asked=error.retry_after)
    claims.put_off(claimed, error=str(error), pause=pause)
    logger.info("Delivery %s is put off by %s: %s", delivery.pk, pause, error)


def _give_up(claimed: Claim, delivery: Delivery, reason: str) -> None:
    """Keep the message as given up; when a person is not reached, tell who stands in."""
    with transaction.atomic():
        if not claims.mark_dead(claimed, error=reason):
            return
        logger.warning("Delivery %s is given up: %s", delivery.pk, reason)
        if delivery.kind == owing.FIRING and delivery.channel.person is not None:
            owing.owe_instead(delivery.alert, at=claimed.at)


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
