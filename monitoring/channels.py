"""Write the channels of a unit: where its messages go besides the owners' mailboxes."""

from datetime import datetime
from typing import Any

from django.db import transaction

from monitoring import destinations
from monitoring.alerts import notices
from monitoring.models import Channel, Message
from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.catalogue.races import upsert
from registry.models import BusinessUnit
from registry.plain_text import Line
from registry.problems import Invalid, invalid
from registry.slugs import slug_of


class ChannelBody(bodies.Change):
    """A channel as it is written; the secret is never answered."""

    business_unit: str = ""
    kind: Channel.Kind = Channel.Kind.WEBHOOK
    address: Line = ""
    secret: str = ""
    hears: Channel.Hears = Channel.Hears.ALL
    enabled: bool = True


@upsert
def put_channel(actor: Actor, slug: str, data: Any, *, at: datetime) -> tuple[Channel, bool]:
    """Create or change a channel of a unit; `enabled` switches one on that had been given up."""
    body = bodies.parse(ChannelBody, data)
    channel = Channel.objects.select_for_update(of=("self",)).filter(slug=slug).first()
    if channel is None:
        return _create(actor, slug, body, at=at), True
    unit = channel.unit
    # A person's mailbox is made by Muster, and another unit's channel does not exist for you.
    if unit is None or not access.visible_units(actor).filter(pk=unit.pk).exists():
        raise Channel.DoesNotExist
    access.require(actor, Right.MANAGE_UNIT, unit)
    return _change(actor, channel, unit, body, at=at), False


@transaction.atomic
def send_test(actor: Actor, slug: str, *, at: datetime) -> Message:
    """Send a test message to a unit's channel, by the way that every message goes."""
    found = require_right(actor, slug)
    channel = Channel.objects.select_for_update(of=("self",)).select_related("unit").get(pk=found)
    if channel.disabled_at is not None:
        detail = f"the channel is switched off: {channel.disabled_reason}"
        raise invalid("/", "switched_off", detail, "switch it on first")
    message = notices.owe_test(channel, by=actor.label, at=at)
    if message.made_at == at:
        audit.record(actor, "channel.tested", channel, at=at, unit=channel.unit)
    return message


def require_right(actor: Actor, slug: str) -> int:
    """Raise unless the actor sees the unit's channel and may keep it; return its number."""
    channel = Channel.objects.select_related("unit").get(slug=slug)
    unit = channel.unit
    # A person's mailbox is nobody's to keep, and another unit's channel does not exist for you.
    if unit is None or not access.visible_units(actor).filter(pk=unit.pk).exists():
        raise Channel.DoesNotExist
    access.require(actor, Right.MANAGE_UNIT, unit)
    return channel.pk


def _create(actor: Actor, slug: str, body: ChannelBody, *, at: datetime) -> Channel:
    unit = access.visible_units(actor).filter(slug=body.business_unit).first()
    if unit is None:
        detail = f"there is no unit '{body.business_unit[:60]}' that you see"
        raise invalid("/business_unit", "unknown_unit", detail, "GET /api/v1/business-units/")
    access.require(actor, Right.MANAGE_UNIT, unit)
    channel = Channel(
        slug=slug_of(slug, longest=100),
        kind=body.kind,
        unit=unit,
        address=body.address,
        secret=body.secret,
        hears=body.hears,
    )
    _switch(channel, enabled=body.enabled, actor=actor, at=at)
    _check(channel)
    channel.save(force_insert=True)
    audit.record(
        actor, "channel.created", channel, at=at, unit=unit,
        after=snapshot(channel), reason=body.change_reason,
    )  # fmt: skip
    return channel


def _change(
    actor: Actor, channel: Channel, unit: BusinessUnit, body: ChannelBody, *, at: datetime
) -> Channel:
    given = body.given()
    for field, present in (("business_unit", unit.slug), ("kind", channel.kind)):
        if given.get(field, present) != present:
            raise invalid(f"/{field}", "immutable", "this stays as it was made", "make another one")
    before, old_secret = snapshot(channel), channel.secret
    channel.address = given.get("address", channel.address)
    channel.secret = given.get("secret", channel.secret)
    channel.hears = given.get("hears", channel.hears)
    if "enabled" in given:
        _switch(channel, enabled=body.enabled, actor=actor, at=at)
    # What has become wrong by itself can still be switched off.
    if channel.disabled_at is None or {"address", "secret"} & given.keys():
        _check(channel)
    after = snapshot(channel)
    if channel.secret != old_secret:
        after |= {"secret": "changed"}
    if after != before:
        kept = ["address", "secret", "hears", "disabled_at", "disabled_reason"]
        channel.save(update_fields=kept)
        audit.record(
            actor, "channel.changed", channel, at=at, unit=unit,
            before=before, after=after, reason=body.change_reason,
        )  # fmt: skip
    return channel


def _switch(channel: Channel, *, enabled: bool, actor: Actor, at: datetime) -> None:
    if enabled:
        channel.disabled_at, channel.disabled_reason = None, ""
    elif channel.disabled_at is None:
        channel.disabled_at, channel.disabled_reason = at, f"switched off by {actor.label}"


def _check(channel: Channel) -> None:
    if errors := destinations.errors_of(channel.kind, channel.address, channel.secret):
        raise Invalid(*errors)


def snapshot(channel: Channel) -> dict[str, Any]:
    """Return what the audit keeps; of the secret only whether there is one."""
    return {
        "kind": str(channel.kind),
        "address": channel.address,
        "secret": "set" if channel.secret else "none",
        "hears": str(channel.hears),
        "enabled": channel.disabled_at is None,
    }
