"""Who is doing something: a person, with or without a token, or a part of Muster itself."""

from dataclasses import dataclass

from registry.models import Person


@dataclass(frozen=True)
class Actor:
    """The one who acts, as access decides on and the audit records it.

    `unit_id` and `scopes` are the limits of the token that was used; None means no limit.
    """

    person: Person | None
    label: str
    request_id: str = ""
    unit_id: int | None = None
    scopes: frozenset[str] | None = None


def of_person(person: Person, *, request_id: str = "") -> Actor:
    """Return the actor for somebody who is signed in on the pages."""
    return Actor(person=person, label=person.email, request_id=request_id)


def system(part: str) -> Actor:
    """Return the actor for a part of Muster that acts without a person, such as the sweep."""
    return Actor(person=None, label=part)
