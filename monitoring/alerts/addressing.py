"""Put onto a letter what only its reader may have: signed links, and the way to fewer messages.

It is done when the letter is handed over, not when it is composed, so that no table holds a link
that acts for somebody. The links follow from the message alone: every attempt carries the same.
"""

from dataclasses import replace
from typing import Any

from django.conf import settings

from monitoring import links
from monitoring.alerts.message import Letter
from monitoring.links import Purpose
from monitoring.models import Channel, Message
from monitoring.states import News
from registry import access, actors
from registry.models import BusinessUnit, Person


def addressed(message: Message, content: dict[str, Any], letter: Letter) -> Letter:
    """Return the letter as this channel's reader gets it."""
    channel, person = message.channel, message.channel.person
    if channel.kind != Channel.Kind.MAIL:
        return letter
    if person is None:
        return replace(letter, unsubscribe=_page(f"settings/channels/{channel.slug}/"))
    if content.get("unsubscribe"):
        url = links.sign(Purpose.UNSUBSCRIBE, person, at=message.made_at)
        return replace(letter, unsubscribe=url)
    return replace(
        letter,
        links=_links(message, person) if content["event"] != News.RESOLVED else (),
        unsubscribe=_page("account/notifications/"),
    )


def _links(message: Message, person: Person) -> tuple[tuple[str, str], ...]:
    if message.kind != Message.Kind.NEWS or message.incident_id is None:
        return ()
    concerned = BusinessUnit.objects.filter(models__alerts__incident=message.incident_id)
    seen = access.visible_units(actors.of_person(person))
    units = list(concerned.filter(pk__in=seen.values("pk")).distinct())
    return links.for_incident(person, message.incident_id, units, at=message.made_at)


def _page(path: str) -> str:
    return f"{settings.MUSTER_PUBLIC_URL}/{path}"
