"""Signed links in messages to one person: each does one thing about one case, for seven days.

A link names its purpose, the person, the mailbox it was sent to and the case; nothing of it can be
changed without the signature failing. It holds no session and opens nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from django.conf import settings
from django.core.signing import BadSignature, Signer

from registry import access, actors
from registry.access import Right
from registry.models import BusinessUnit, Person

LIFE = timedelta(days=7)
_SALT = "muster.links"


class Purpose(StrEnum):
    """The one thing that a link does."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNSUBSCRIBE = "unsubscribe"


class WrongLink(Exception):
    """This is no link of ours, or not all of it."""


@dataclass(frozen=True)
class Link:
    """What a link says; whether it may still be followed is for whoever follows it."""

    purpose: Purpose
    person_id: int
    mailbox: str  # a digest of the address that the link was sent to
    incident: int | None
    until: datetime
    name: str  # what the audit calls it


def sign(purpose: Purpose, person: Person, *, incident: int | None = None, at: datetime) -> str:
    """Return the address of a link; the same input gives the same link, as repeats must."""
    until = int((at + LIFE).timestamp())
    told = [purpose.value, person.pk, mailbox_of(person), incident, until]
    token = Signer(sep=".", salt=_SALT).sign_object(told, compress=False)
    return f"{settings.MUSTER_PUBLIC_URL}/links/{token}/"


def read(token: str) -> Link:
    """Return what a link says, or raise WrongLink."""
    try:
        purpose, person, mailbox, incident, until = Signer(sep=".", salt=_SALT).unsign_object(token)
    except (BadSignature, ValueError) as error:
        raise WrongLink(WrongLink.__doc__) from error
    return Link(
        purpose=Purpose(purpose),
        person_id=person,
        mailbox=mailbox,
        incident=incident,
        until=datetime.fromtimestamp(until, tz=UTC),
        name=sha256(token.encode()).hexdigest()[:12],
    )


def mailbox_of(person: Person) -> str:
    """Return a digest of a person's mail address: links sent to an earlier one end with it."""
    return sha256(person.email.encode()).hexdigest()[:16]


def for_incident(
    person: Person, incident: int, units: Iterable[BusinessUnit], *, at: datetime
) -> tuple[tuple[str, str], ...]:
    """Return what somebody's mail offers about an incident; nothing to those who may not act."""
    actor, units = actors.of_person(person), list(units)
    if not units or not all(access.can(actor, Right.ACT_ON_INCIDENTS, unit) for unit in units):
        return ()
    return (
        ("Acknowledge", sign(Purpose.ACKNOWLEDGE, person, incident=incident, at=at)),
        ("Snooze until the next check", sign(Purpose.SNOOZE, person, incident=incident, at=at)),
    )
