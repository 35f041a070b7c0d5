"""Write units, people and their roles."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import transaction

from registry import access, audit, bodies, inputs, tokens
from registry.access import Right
from registry.actors import Actor
from registry.catalogue import owners
from registry.catalogue.own_roles import refuse_own_approval
from registry.catalogue.races import upsert
from registry.models import BusinessUnit, FleetRole, Membership, Person
from registry.models.people import FleetRoleName
from registry.problems import FieldError, Invalid, invalid
from registry.sign_in import passwords, sessions
from registry.slugs import slug_of

_COLUMNS = ["name", "time_zone", "is_active", "manager", "password", "is_staff"]


@upsert
def put_unit(actor: Actor, slug: str, data: Any, *, at: datetime) -> tuple[BusinessUnit, bool]:
    """Make a business unit or change the known one."""
    access.require(actor, Right.MANAGE_PLATFORM, None)
    body = bodies.parse(inputs.UnitBody, data)
    slug_of(slug, longest=60)
    unit = BusinessUnit.objects.select_for_update().filter(slug=slug).first()
    created = unit is None
    if unit is None:
        if not body.name:
            raise invalid("/name", "required", "a new unit needs a name", 'send {"name": "Fraud"}')
        unit = BusinessUnit.objects.create(slug=slug, name=body.name)
        audit.record(
            actor, "unit.added", unit, at=at, unit=unit,
            after={"name": unit.name}, reason=body.change_reason,
        )  # fmt: skip
    elif body.name and body.name != unit.name:
        before, unit.name = {"name": unit.name}, body.name
        unit.save(update_fields=["name"])
        audit.record(
            actor, "unit.changed", unit, at=at, unit=unit,
            before=before, after={"name": unit.name}, reason=body.change_reason,
        )  # fmt: skip
    return unit, created


@upsert
def put_person(actor: Actor, email: str, data: Any, *, at: datetime) -> tuple[Person, bool]:
    """Make an account or change the known one, with its roles."""
    access.require(actor, Right.MANAGE_PLATFORM, None)
    body = bodies.parse(inputs.PersonBody, data)
    email = bodies.parse(_Address, {"email": email}).email
    units = _units(body)
    person = Person.objects.select_for_update().filter(email=email).first()
    created = person is None
    if person is None:
        if not body.name:
            raise invalid("/name", "required", "a new person needs a name", 'send {"name": "Dora"}')
        person = Person(email=email, name=body.name)
        person.set_unusable_password()
    before = None if created else _snapshot(person)
    owned = frozenset[int]() if created else owners.seen(person)
    given = body.given()
    for field in ("name", "time_zone", "is_active"):
        if field in given:
            setattr(person, field, given[field])
    if "manager" in given:
        person.manager = _manager(email, body.manager)
    password_is_new = _set_password(person, body.password)
    if "fleet_roles" in given:
        # The back office is read-only and shows every unit: for those who run the platform.
        person.is_staff = FleetRoleName.PLATFORM_ADMIN in body.fleet_roles
    person.save(update_fields=None if created else _COLUMNS)
    if password_is_new and actor.person is not None and actor.person.pk != person.pk:
        passwords.set_by_other(actor, person, at=at, is_new=created, reason=body.change_reason)
    if before and before["is_active"] and not person.is_active:
        # For good: an account that is opened again starts with none of the old ways in.
        tokens.revoke_all(actor, person, at=at)
        sessions.end_all(person)
    if "fleet_roles" in given or "memberships" in given:
        actor.roles.changed()
    if "fleet_roles" in given:
        _set_fleet_roles(person, {str(role) for role in body.fleet_roles})
    if "memberships" in given:
        _set_memberships(actor, person, units)
    if person.is_active:  # Whoever leaves is out at once, with models or without.
        pointer = "/memberships" if "memberships" in given else "/fleet_roles"
        owners.require_seen(person, owned, pointer=pointer)
    _require_an_admin(before)
    after = _snapshot(person) | ({"password": "changed"} if password_is_new else {})
    if before != after:
        action = "person.added" if created else "person.changed"
        audit.record(
            actor, action, person, at=at, before=before, after=after, reason=body.change_reason
        )
    return person, created


def _require_an_admin(before: dict[str, Any] | None) -> None:
    """Refuse what would leave nobody who can let people in again."""
    role = str(FleetRoleName.PLATFORM_ADMIN)
    if before is None or not before["is_active"] or role not in before["fleet_roles"]:
        return
    # Locked, so that two admins cannot take each other's place away at once.
    admins = FleetRole.objects.select_for_update().filter(role=role)
    if not [held for held in admins.select_related("person") if held.person.is_active]:
        detail = "this is the last open account that runs the platform"
        fix = "make somebody else a platform admin first"
        raise invalid("/", "last_platform_admin", detail, fix)


@transaction.atomic
def put_member(actor: Actor, unit: BusinessUnit, email: str, data: Any, *, at: datetime) -> Person:
    """Set the roles of a known person in one unit; its unit admin may do that."""
    access.require(actor, Right.MANAGE_UNIT, unit)
    body = bodies.parse(inputs.MemberBody, data)
    person = Person.objects.select_for_update().filter(email=email.lower(), is_active=True).first()
    if person is None:
        raise invalid("/email", "unknown_person", f"nobody has the address '{email[:80]}'",
                      "a platform admin makes the account first")  # fmt: skip
    before = _roles_in(person, unit)
    wanted = sorted({str(role) for role in body.roles})
    if before != wanted:
        refuse_own_approval(actor, person, set(wanted) - set(before), pointer="/roles")
        actor.roles.changed()
        owned = owners.seen(person)
        Membership.objects.filter(person=person, unit=unit).exclude(role__in=wanted).delete()
        Membership.objects.bulk_create(
            Membership(person=person, unit=unit, role=role) for role in wanted if role not in before
        )
        owners.require_seen(person, owned, pointer="/roles")
        audit.record(
            actor, "member.changed", person, at=at, unit=unit,
            before={"roles": before}, after={"roles": wanted}, reason=body.change_reason,
        )  # fmt: skip
    return person


@transaction.atomic
def put_me(actor: Actor, data: Any, *, at: datetime) -> None:
    """Change what people may change about their own account."""
    assert actor.person is not None
    body = bodies.parse(inputs.MeBody, data)
    person = Person.objects.select_for_update().get(pk=actor.person.pk)
    before, person.time_zone = {"time_zone": person.time_zone}, body.time_zone
    if before["time_zone"] != person.time_zone:
        person.save(update_fields=["time_zone"])
        after = {"time_zone": person.time_zone}
        audit.record(actor, "person.changed", person, at=at, before=before, after=after)


class _Address(bodies.Body):
    email: inputs.Email


def _units(body: inputs.PersonBody) -> set[tuple[int, str]]:
    """Return (unit, role) pairs of the body, or raise Invalid for units that are not there."""
    slugs = {membership.business_unit for membership in body.memberships}
    known = dict(BusinessUnit.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    errors = [
        FieldError(
            f"/memberships/{index}/business_unit",
            "unknown_unit",
            f"there is no unit '{membership.business_unit[:60]}'",
            "PUT /api/v1/business-units/<slug>/ makes one",
        )
        for index, membership in enumerate(body.memberships)
        if membership.business_unit not in known
    ]
    if errors:
        raise Invalid(*errors)
    return {(known[m.business_unit], str(m.role)) for m in body.memberships}


def _manager(email: str, manager_email: str | None) -> Person | None:
    if manager_email is None:
        return None
    manager = Person.objects.filter(email=manager_email).first()
    if manager is None or manager.email == email:
        fix = f"GET /api/v1/people/?q={manager_email.split('@')[0]}"
        raise invalid("/manager", "unknown_person", f"'{manager_email}' cannot be the manager", fix)
    return manager


def _set_password(person: Person, password: str | None) -> bool:
    if password is None or (person.pk and person.check_password(password)):
        return False
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        raise invalid(
            "/password", "weak", " ".join(error.messages), "a long phrase does"
        ) from error
    person.set_password(password)
    return True


def _set_fleet_roles(person: Person, wanted: Collection[str]) -> None:
    person.fleet_roles.exclude(role__in=wanted).delete()
    known = set(person.fleet_roles.values_list("role", flat=True))
    FleetRole.objects.bulk_create(
        FleetRole(person=person, role=role) for role in sorted(wanted) if role not in known
    )


def _set_memberships(actor: Actor, person: Person, wanted: set[tuple[int, str]]) -> None:
    known = {(m.unit_id, m.role): m.pk for m in person.memberships.all()}
    gained = {role for unit_id, role in wanted if (unit_id, role) not in known}
    refuse_own_approval(actor, person, gained, pointer="/memberships")
    gone = [pk for pair, pk in known.items() if pair not in wanted]
    Membership.objects.filter(pk__in=gone).delete()
    Membership.objects.bulk_create(
        Membership(person=person, unit_id=unit_id, role=role)
        for unit_id, role in sorted(wanted)
        if (unit_id, role) not in known
    )


def _roles_in(person: Person, unit: BusinessUnit) -> list[str]:
    return sorted(person.memberships.filter(unit=unit).values_list("role", flat=True))


def _snapshot(person: Person) -> dict[str, Any]:
    memberships = person.memberships.values_list("unit__slug", "role")
    return {
        "name": person.name,
        "manager": person.manager.email if person.manager else None,
        "time_zone": person.time_zone,
        "is_active": person.is_active,
        "memberships": sorted(f"{unit}: {role}" for unit, role in memberships),
        "fleet_roles": sorted(person.fleet_roles.values_list("role", flat=True)),
    }
