"""Say who is told about a model: its owner and deputy by mail, its unit by signed webhook."""

from collections.abc import Collection, Iterable

from monitoring.models import Channel
from registry.models import BusinessUnit, Person, RegisteredModel
from registry.models.people import FleetRoleName, UnitRole


def people_for(model: RegisteredModel) -> list[Person]:
    """Return the people to write to; never nobody while the platform has an active admin.

    The owner and the deputy; when neither is active, the unit's admins; then the platform's.
    """
    named = [person for person in (model.owner, model.deputy) if person and person.is_active]
    if named:
        return named
    return unit_admins(model) or platform_admins()


def instead_of(model: RegisteredModel, *, failed: Collection[int]) -> list[Person]:
    """Return who is told when the mailboxes of some people (by id) cannot be reached."""
    named = [person for person in (model.owner, model.deputy) if person and person.is_active]
    for link in (named, unit_admins(model), platform_admins()):
        if others := [person for person in link if person.pk not in failed]:
            return others
    return []


def unit_admins(model: RegisteredModel) -> list[Person]:
    """Return the active people who administer the model's unit."""
    return unit_admins_of(model.unit_id)


def unit_admins_of(unit: BusinessUnit | int) -> list[Person]:
    """Return the active people who administer a unit."""
    admins = Person.objects.filter(
        is_active=True, memberships__unit=unit, memberships__role=UnitRole.UNIT_ADMIN
    )
    return list(admins.distinct().order_by("pk"))


def platform_admins() -> list[Person]:
    """Return the active people who run the platform."""
    admins = Person.objects.filter(is_active=True, fleet_roles__role=FleetRoleName.PLATFORM_ADMIN)
    return list(admins.distinct().order_by("pk")) or list(
        Person.objects.filter(is_active=True, is_superuser=True).order_by("pk")
    )


def channels_for(model: RegisteredModel) -> list[Channel]:
    """Return every channel that is told about the model, the owner's first."""
    unit = Channel.objects.filter(unit=model.unit_id, disabled_at=None).order_by("pk")
    return [*mailboxes(people_for(model)), *unit]


def mailboxes(people: Iterable[Person]) -> list[Channel]:
    """Return the people's mail channels, made on first need."""
    return [mailbox(person) for person in people]


def mailbox(person: Person) -> Channel:
    """Return the mail channel of a person, made on first need."""
    channel, created = Channel.objects.get_or_create(
        slug=f"mail-{person.uuid}",
        defaults={"kind": Channel.Kind.MAIL, "person": person, "address": person.email},
    )
    if not created and channel.address != person.email:
        Channel.objects.filter(pk=channel.pk).update(address=person.email)
        channel.address = person.email
    return channel
