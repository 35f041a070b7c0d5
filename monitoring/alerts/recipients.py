"""Say who is told: the owner by mail (a pipeline's fault: who looks after it), the unit's channels.

Whoever comes next hears of it by escalation. The list is never empty while the platform has an
active admin.
"""

from collections.abc import Collection, Iterable

from monitoring.alerts.escalation import ADMINS, DEPUTY, OWNER
from monitoring.models import Alert, Channel, Source
from monitoring.states import RunState, Severity
from registry.models import BusinessUnit, Person, RegisteredModel
from registry.models.people import FleetRoleName, UnitRole

_OF_A_PIPELINE = (RunState.SOURCE_FAULT, RunState.MISSED, RunState.DATA_FAULT)


def people_for(model: RegisteredModel) -> list[Person]:
    """Return the person to write to; the first in line whose account is open."""
    for link in _line(model):
        if link:
            return link
    return []


def pipeline_owner(alert: Alert) -> Person | None:
    """Return who looks after the pipeline whose fault the alert is, when somebody is named."""
    cause = alert.incident.cause
    if alert.condition not in _OF_A_PIPELINE or not cause.startswith("source:"):
        return None
    source = Source.objects.select_related("owner").filter(pk=cause.removeprefix("source:")).first()
    return source.owner if source and source.owner and source.owner.is_active else None


def first_for(alert: Alert) -> list[Person]:
    """Return who hears of an alert first."""
    owner = pipeline_owner(alert)
    return [owner] if owner else people_for(alert.model)


def of_step(alert: Alert, to: str) -> list[Person]:
    """Return whom a step of escalation reaches; where nobody is, who comes after."""
    model = alert.model
    line = {OWNER: _line(model), DEPUTY: _line(model)[1:], ADMINS: _line(model)[2:]}[to]
    return next((link for link in line if link), [])


def instead_of(model: RegisteredModel, *, failed: Collection[int]) -> list[Person]:
    """Return who is told when the mailboxes of some people (by id) cannot be reached."""
    for link in _line(model):
        if others := [person for person in link if person.pk not in failed]:
            return others
    return []


def _line(model: RegisteredModel) -> list[list[Person]]:
    """Return the links of the chain: owner, deputy, the unit's admins, the platform's."""
    owner, deputy = (
        [person] if person is not None and person.is_active else []
        for person in (model.owner, model.deputy)
    )
    return [owner, deputy, unit_admins(model), platform_admins()]


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


def channels_for(alert: Alert) -> list[Channel]:
    """Return every channel that hears of an alert when it fires, people first."""
    unit = Channel.objects.filter(unit=alert.model.unit_id, disabled_at=None).order_by("pk")
    if alert.severity != Severity.CRITICAL:
        unit = unit.exclude(hears=Channel.Hears.CRITICAL)
    return [*mailboxes(first_for(alert)), *unit]


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
