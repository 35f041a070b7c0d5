"""Who is doing something: a person, with or without a token, or a part of Muster itself."""

from dataclasses import dataclass

from registry.models import ApiToken, Person


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
    by_token: bool = False  # a script: it may do much, but never approves


def of_person(person: Person, *, request_id: str = "") -> Actor:
    """Return the actor for somebody who is signed in on the pages."""
    return Actor(person=person, label=person.email, request_id=request_id)


def of_token(token: ApiToken, *, request_id: str = "") -> Actor:
    """Return the actor for a script that signed in with a token, within the token's limits."""
    return Actor(
        person=token.person,
        label=f"{token.person.email} (token {token.name})",
        request_id=request_id,
        unit_id=token.unit_id,
        scopes=frozenset(token.scopes) if token.scopes else None,
        by_token=True,
    )


def system(part: str) -> Actor:
    """Return the actor for a part of Muster that acts without a person, such as the sweep."""
    return Actor(person=None, label=part)
