"""Read what was sent to whom; whoever asks is named, and sees only their units."""

from django.db.models import Q, QuerySet

from monitoring.models import Channel, Delivery, Message
from registry import access
from registry.actors import Actor


def visible_deliveries(actor: Actor) -> QuerySet[Delivery]:
    """Return the messages about models the actor sees."""
    return Delivery.objects.filter(
        alert__model__in=access.visible_models(actor).values("pk")
    ).select_related("alert__model__unit", "channel__person", "channel__unit", "message")


def visible_channels(actor: Actor) -> QuerySet[Channel]:
    """Return the channels of the units the actor sees, and the actor's own mailbox."""
    mine = Q(unit__in=access.visible_units(actor).values("pk"))
    if actor.person is not None:
        mine |= Q(person=actor.person)
    return Channel.objects.filter(mine).select_related("unit", "person")


def messages_of(channel: Channel) -> QuerySet[Message]:
    """Return what was sent to a channel, is owed to it, or was given up; newest first."""
    return Message.objects.filter(channel=channel).order_by("-made_at", "-pk")
