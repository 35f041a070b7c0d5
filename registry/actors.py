"""Who is doing something: a person, with or without a token, or a part of Muster itself."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import connection

from registry.models import ApiToken, FleetRole, Membership, Person


class Roles:
    """A person's roles, read once for one request or one batch of rows, however often asked for."""

    def __init__(self, person: Person | None) -> None:
        self._person = person
        self._fleet: frozenset[str] | None = None
        self._units: dict[int, frozenset[str]] = {}
        self._kept = True

    def of_fleet(self) -> frozenset[str]:
        """Return the fleet-wide roles."""
        if self._fleet is None or not self._kept:
            rows = FleetRole.objects.filter(person=self._person)
            self._fleet = frozenset(rows.values_list("role", flat=True))
        return self._fleet

    def in_unit(self, unit_id: int) -> frozenset[str]:
        """Return the roles in one unit."""
        if unit_id not in self._units or not self._kept:
            rows = Membership.objects.filter(person=self._person, unit=unit_id)
            self._units[unit_id] = frozenset(rows.values_list("role", flat=True))
        return self._units[unit_id]

    def of_fleet_are(self, known: frozenset[str]) -> None:
        """Take the fleet-wide roles from whoever has just read them."""
        self._fleet = known

    def in_unit_are(self, unit_id: int, known: frozenset[str]) -> None:
        """Take the roles in one unit from whoever has just read them."""
        self._units[unit_id] = known

    def changed(self) -> None:
        """Ask the database every time from now on: this actor has written roles.

        Reading them once more would not do: the write may yet be rolled back.
        """
        self._kept = False


@dataclass(frozen=True)
class Actor:
    """The one who acts, as access decides on and the audit records it.

    `unit_id` and `scopes` are the limits of the token that was used; None means no limit. An actor
    lives for one request or one batch and no longer: it knows its roles as they were at first use.
    """

    person: Person | None
    label: str
    request_id: str = ""
    unit_id: int | None = None
    scopes: frozenset[str] | None = None
    by_token: bool = False  # a script: it may do much, but never approves
    roles: Roles = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with roles that nobody has read yet."""
        object.__setattr__(self, "roles", Roles(self.person))


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


def of_link(person: Person, *, request_id: str = "") -> Actor:
    """Return the actor for whoever follows a link in a mail to a person: for incidents only."""
    return Actor(
        person=person,
        label=f"{person.email} (link in a mail)",
        request_id=request_id,
        scopes=frozenset({"see", "act_on_incidents"}),
        by_token=True,
    )


def system(part: str) -> Actor:
    """Return the actor for a part of Muster that acts without a person, such as the sweep."""
    return Actor(person=None, label=part)


_ROLES = """
SELECT person_id, role, true FROM registry_fleetrole WHERE person_id = ANY(%s)
UNION ALL
SELECT person_id, role, false FROM registry_membership WHERE person_id = ANY(%s) AND unit_id = %s
"""


def read_roles(actors: Collection[Actor], unit_id: int) -> None:
    """Read the roles that these actors have in one unit and in the fleet, all in one look."""
    people = [actor.person.pk for actor in actors if actor.person is not None]
    found: list[tuple[int, str, bool]] = []
    if people:
        with connection.cursor() as cursor:
            cursor.execute(_ROLES, [people, people, unit_id])
            found = cursor.fetchall()
    for actor in actors:
        mine = [row for row in found if actor.person is not None and row[0] == actor.person.pk]
        actor.roles.of_fleet_are(frozenset(role for _, role, of_fleet in mine if of_fleet))
        actor.roles.in_unit_are(
            unit_id, frozenset(role for _, role, of_fleet in mine if not of_fleet)
        )
