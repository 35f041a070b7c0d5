"""Send a message that was given up once more, as the same message with the same key."""

from datetime import datetime

from django.db import transaction

from monitoring.models import Delivery, Message
from monitoring.queries import deliveries as queries
from monitoring.states import DeliveryState
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.clock import MusterNow
from registry.models import BusinessUnit
from registry.problems import invalid


def find(actor: Actor, number: str | int) -> Delivery:
    """Return a delivery the actor sees and may send again, or raise."""
    text = str(number)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Delivery.DoesNotExist
    found = queries.visible_deliveries(actor).get(pk=int(text))
    for unit in _units(found):
        access.require(actor, Right.MANAGE_UNIT, unit)
    return found


@transaction.atomic
def resend(actor: Actor, number: str | int, *, at: datetime) -> Delivery:
    """Owe what was given up again, with all news that travelled in the same message."""
    found = find(actor, number)
    given_up = Message.objects.select_for_update(no_key=True).filter(
        deliveries=found, state=DeliveryState.DEAD
    )
    message = given_up.first()
    if message is None:
        fix = "only what was given up (state dead) is sent again"
        raise invalid("/", "not_given_up", f"this delivery is {found.state}", fix)
    channel = found.channel
    if channel.disabled_at is not None:
        fix = f"mend the channel and switch it on: PUT /api/v1/channels/{channel.slug}/"
        raise invalid("/", "channel_disabled", "its channel is switched off", fix)
    if channel.person is not None and not channel.person.is_active:
        fix = "give the model another owner; who stands in was told instead"
        raise invalid("/", "account_closed", "the account is closed", fix)
    # It has its 72 hours anew; what it says and its key stay, so that a repeat is known as one.
    message.state, message.attempts = DeliveryState.OWED.value, 0
    Message.objects.filter(pk=message.pk).update(
        state=message.state, attempts=0, made_at=MusterNow(), due_at=MusterNow(), lease_until=None
    )
    Delivery.objects.filter(message=message, state=DeliveryState.DEAD).update(
        state=DeliveryState.OWED
    )
    audit.record(
        actor, "message.resent", found.alert.incident, at=at, unit=found.alert.model.unit,
        after={"message": message.pk, "channel": channel.slug},
    )  # fmt: skip
    return queries.visible_deliveries(actor).get(pk=found.pk)


def _units(found: Delivery) -> list[BusinessUnit]:
    """Return the units of all news that travels in the same message."""
    if found.message_id is None:
        return [found.alert.model.unit]
    units = BusinessUnit.objects.filter(models__alerts__deliveries__message=found.message_id)
    return list(units.distinct())
