"""The people of the tests: who they are says what they may do.

Ana owns the model, Ben is in her unit, Chris must see nothing, Vera validates, Pat runs the
platform. `cast()` makes them with their units and Ana's model.
"""

from dataclasses import dataclass
from datetime import timedelta

from registry import actors, clock, tokens
from registry.actors import Actor
from registry.models import BusinessUnit, Person, RegisteredModel
from registry.models.people import FleetRoleName, UnitRole
from tests import factories

# A model that Ana registers in her unit.
CHURN = {
    "name": "Churn",
    "business_unit": "fraud",
    "owner": "ana@example.com",
    "purpose": "Tell who may leave",
    "task": "classification",
    "decision_role": "one_input",
}


@dataclass(frozen=True)
class Cast:
    """Everybody, the two units and the model that Ana owns."""

    ana: Person
    ben: Person
    chris: Person
    vera: Person
    pat: Person
    fraud: BusinessUnit
    retail: BusinessUnit
    model: RegisteredModel


def person(name: str, unit: BusinessUnit | None = None, role: str = "", **fields: str) -> Person:
    """Make a person with one role in one unit."""
    made = factories.PersonFactory.create(email=f"{name}@example.com", name=name.title(), **fields)
    if unit is not None:
        factories.MembershipFactory.create(person=made, unit=unit, role=role)
    return made


def cast(*, passwords: bool = False) -> Cast:
    """Make the cast; `passwords` (slow) lets everybody sign in with factories.PASSWORD."""
    fields = {"password": factories.PASSWORD} if passwords else {}
    fraud = factories.UnitFactory.create(slug="fraud", name="Fraud")
    retail = factories.UnitFactory.create(slug="retail", name="Retail")
    ana = person("ana", fraud, UnitRole.OWNER, **fields)
    pat = person("pat", **fields)
    factories.FleetRoleFactory.create(person=pat, role=FleetRoleName.PLATFORM_ADMIN)
    return Cast(
        ana=ana,
        ben=person("ben", fraud, UnitRole.DEVELOPER, **fields),
        chris=person("chris", retail, UnitRole.OWNER, **fields),
        vera=person("vera", fraud, UnitRole.VALIDATOR, **fields),
        pat=pat,
        fraud=fraud,
        retail=retail,
        model=factories.tracked_model(slug="card-fraud", unit=fraud, owner=ana),
    )


def acting(who: Person) -> Actor:
    """Return the actor for a person who is signed in."""
    return actors.of_person(who)


def bearer(who: Person, **limits: object) -> dict[str, str]:
    """Return headers that sign in with a fresh token: `client.get(url, headers=bearer(ana))`."""
    at = clock.now() - timedelta(seconds=1)
    _, key = tokens.issue(
        actors.system("tests"),
        person=who,
        name="test",
        at=at,
        **limits,  # type: ignore[arg-type]
    )
    return {"Authorization": f"Bearer {key}"}
