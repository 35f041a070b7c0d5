"""Ten business units and the invented people who own, develop and validate their models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A business unit and who fills which role in it."""

    slug: str
    name: str
    head: str
    owners: tuple[str, ...]
    developer: str


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, if the fleet sets a password for them."""

    email: str
    name: str
    manager: str = ""
    time_zone: str = "UTC"
    fleet_roles: tuple[str, ...] = ()
    signs_in: bool = False
    memberships: tuple[dict[str, str], ...] = ()


VALIDATORS = ("vera", "viktor")
APPROVER = "agnes"

UNITS = (
    Unit("telecom", "Telecom", "henrik", ("tomas",), "ida"),
    Unit("software", "Software Services", "sofia", ("marek",), "lin"),
    Unit("lending", "Lending", "carla", ("ana",), "ben"),
    Unit("payments", "Payments and Fraud", "bertil", ("priya", "jonas"), "omar"),
    Unit("marketing", "Marketing", "lea", ("davide",), "mina"),
    Unit("commerce", "Online Shop", "hugo", ("amelie",), "kofi"),
    Unit("supply", "Supply Chain", "nadia", ("pavel",), "yuki"),
    Unit("people", "People and Pay", "grace", ("ruth",), "samir"),
    Unit("travel", "Travel Operations", "ravi", ("elsa",), "noel"),
    Unit("care", "Care Analytics", "elena", ("isak",), "tara"),
)

NAMES = {
    "ana": "Ana Lindqvist",
    "vera": "Vera Castellano",
    "viktor": "Viktor Lang",
    "agnes": "Agnes Holm",
    "rita": "Rita Solberg",
    "otto": "Otto Winter",
    "henrik": "Henrik Aalto",
    "tomas": "Tomas Brandt",
    "ida": "Ida Novak",
    "sofia": "Sofia Keller",
    "marek": "Marek Dvorak",
    "lin": "Lin Zhao",
    "carla": "Carla Mendes",
    "ben": "Ben Okafor",
    "bertil": "Bertil Lund",
    "priya": "Priya Raman",
    "jonas": "Jonas Weber",
    "omar": "Omar Haddad",
    "lea": "Lea Fontaine",
    "davide": "Davide Ricci",
    "mina": "Mina Park",
    "hugo": "Hugo Martin",
    "amelie": "Amelie Girard",
    "kofi": "Kofi Mensah",
    "nadia": "Nadia Petrov",
    "pavel": "Pavel Hruska",
    "yuki": "Yuki Tanaka",
    "grace": "Grace Otieno",
    "ruth": "Ruth Andersen",
    "samir": "Samir Aziz",
    "ravi": "Ravi Menon",
    "elsa": "Elsa Nyberg",
    "noel": "Noel Barros",
    "elena": "Elena Petrova",
    "isak": "Isak Berg",
    "tara": "Tara Quinn",
}
SIGN_IN = {"ana", "vera"}
ZONES = {"ana": "Europe/Stockholm", "priya": "Asia/Kolkata"}
FLEET_ROLES = {"rita": ("risk_reader",), "otto": ("auditor",)}


def address(first: str) -> str:
    """Give the address of a person by the first name that the units use."""
    return f"{first}@example.org"


def people() -> list[Person]:
    """List everybody, heads before those they manage, so that a manager is always known."""
    managers = {}
    for unit in UNITS:
        for first in (*unit.owners, unit.developer):
            managers[first] = address(unit.head)
    everybody = [
        Person(
            email=address(first),
            name=name,
            manager=managers.get(first, ""),
            time_zone=ZONES.get(first, "UTC"),
            fleet_roles=FLEET_ROLES.get(first, ()),
            signs_in=first in SIGN_IN,
            memberships=tuple(_memberships(first)),
        )
        for first, name in NAMES.items()
    ]
    return sorted(everybody, key=lambda person: (bool(person.manager), person.email))


def _memberships(first: str) -> list[dict[str, str]]:
    """List the roles of a person, unit by unit."""
    roles = []
    for unit in UNITS:
        held = {
            "unit_admin": first == unit.head,
            "owner": first in unit.owners,
            "developer": first == unit.developer,
            "validator": first in VALIDATORS,
            "approver": first == APPROVER,
        }
        roles += [{"business_unit": unit.slug, "role": role} for role, has in held.items() if has]
    return roles
