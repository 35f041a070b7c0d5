"""Decide who may see and do what, by business unit; every query and every write asks here.

What one may not see does not exist (404); what one sees but may not do is refused (403) with
the words who could grant it.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from django.conf import settings
from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, NullIf

from registry.actors import Actor, of_person, read_roles
from registry.models import (
    AuditEvent,
    BusinessUnit,
    Membership,
    MLflowServer,
    ModelRevision,
    Person,
    RegisteredModel,
    SourceModel,
)
from registry.models.people import FleetRoleName, UnitRole


class Right(StrEnum):
    """What somebody may do; a token's scopes are a list of these."""

    SEE = "see"
    EDIT_MODELS = "edit_models"
    EDIT_MONITORING = "edit_monitoring"
    EDIT_POLICIES = "edit_policies"
    ACT_ON_INCIDENTS = "act_on_incidents"
    APPROVE = "approve"
    MANAGE_UNIT = "manage_unit"
    MANAGE_PLATFORM = "manage_platform"


_EDIT = {Right.EDIT_MODELS, Right.EDIT_MONITORING}
UNIT_RIGHTS: dict[str, set[Right]] = {
    UnitRole.VIEWER: {Right.SEE},
    UnitRole.DEVELOPER: {Right.SEE, Right.ACT_ON_INCIDENTS, *_EDIT},
    UnitRole.OWNER: {Right.SEE, Right.ACT_ON_INCIDENTS, Right.EDIT_POLICIES, *_EDIT},
    UnitRole.VALIDATOR: {Right.SEE, Right.ACT_ON_INCIDENTS},
    UnitRole.APPROVER: {Right.SEE, Right.ACT_ON_INCIDENTS, Right.APPROVE},
    UnitRole.UNIT_ADMIN: {Right.SEE, Right.MANAGE_UNIT, Right.EDIT_POLICIES, *_EDIT},
}
# A platform admin keeps accounts and servers and may set up anything, but answers for nothing:
# incidents (and later approvals) belong to the people of the unit.
FLEET_RIGHTS: dict[str, set[Right]] = {
    FleetRoleName.RISK_READER: {Right.SEE},
    FleetRoleName.AUDITOR: {Right.SEE},
    FleetRoleName.PLATFORM_ADMIN: {
        Right.SEE,
        Right.EDIT_POLICIES,
        Right.MANAGE_UNIT,
        Right.MANAGE_PLATFORM,
        *_EDIT,
    },
}


NEVER_BY_TOKEN = frozenset({Right.APPROVE})


class NotAllowed(Exception):
    """You may not do this here."""

    def __init__(self, right: Right, unit: BusinessUnit | None) -> None:
        where = f"in {unit.name}" if unit else "on the platform"
        grant = f"a unit admin of {unit.name}" if unit else "a platform admin"
        super().__init__(f"This needs the right '{right}' {where}; {grant} can grant it.")
        self.right = right


def _fleet_rights(actor: Actor) -> set[Right]:
    """Return what holds in every unit and on the platform; a token of one unit has none of it."""
    return set() if actor.unit_id is not None else _of_fleet_roles(actor)


def _of_fleet_roles(actor: Actor) -> set[Right]:
    if actor.person is None:
        return set()
    roles = actor.roles.of_fleet()
    found = _within_scopes(actor, (right for role in roles for right in FLEET_RIGHTS[role]))
    # Of a fleet-wide role a token of one unit holds the part within that unit; the platform
    # (accounts, servers, units) is no part of any.
    return found if actor.unit_id is None else found - {Right.MANAGE_PLATFORM}


def _within_scopes(actor: Actor, rights: Iterable[Right]) -> set[Right]:
    found = {right for right in rights if actor.scopes is None or right in actor.scopes}
    # A script may submit and stop, but whoever approves is a person at the keyboard.
    return found - NEVER_BY_TOKEN if actor.by_token else found


def rights(actor: Actor, unit: BusinessUnit | None) -> set[Right]:
    """Return what the actor may do in the unit, or on the platform when there is none."""
    if actor.person is None:
        return set(Right)  # Muster's own parts; no request ever makes such an actor.
    found = _fleet_rights(actor)
    if unit is not None and actor.unit_id in (None, unit.pk):
        found = _of_fleet_roles(actor)
        roles = actor.roles.in_unit(unit.pk)
        unit_rights = (right for role in roles for right in UNIT_RIGHTS[role])
        found |= _within_scopes(actor, unit_rights)
    return found


def can(actor: Actor, right: Right, unit: BusinessUnit | None) -> bool:
    """Say whether the actor has the right in the unit (or on the platform)."""
    return right in rights(actor, unit)


def require(actor: Actor, right: Right, unit: BusinessUnit | None) -> None:
    """Raise NotAllowed unless the actor has the right."""
    if not can(actor, right, unit):
        refused = NotAllowed(right, unit)
        if actor.by_token and right in NEVER_BY_TOKEN:
            refused.args = ("A token never approves; a person does, signed in on the page.",)
        raise refused


def require_to_edit_or_approve(actor: Actor, unit: BusinessUnit) -> None:
    """Raise NotAllowed unless the actor edits models here, or approves as a person on the page."""
    if can(actor, Right.APPROVE, unit) or can(actor, Right.EDIT_MODELS, unit):
        return
    refused = NotAllowed(Right.EDIT_MODELS, unit)
    if actor.by_token and actor.person and can(of_person(actor.person), Right.APPROVE, unit):
        refused.args = (
            "An approver does this signed in on the page; a token never does, whatever it is"
            f" given. Only who edits models in {unit.name} may do it by token.",
        )
    raise refused


def sees(person: Person, unit: BusinessUnit) -> bool:
    """Say whether somebody may see what belongs to the unit."""
    return can(of_person(person), Right.SEE, unit)


def blind(actor: Actor, people: Collection[Person], unit: BusinessUnit) -> list[Person]:
    """Return those who may not see what belongs to the unit.

    What the actor may do there is read in the same look: whoever asks this goes on to write.
    """
    others = [of_person(person) for person in people]
    read_roles([actor, *others], unit.pk)
    return [p for p, other in zip(people, others, strict=True) if not can(other, Right.SEE, unit)]


def visible_units(actor: Actor) -> QuerySet[BusinessUnit]:
    """Return the units whose objects the actor may see."""
    units = BusinessUnit.objects.all()
    if actor.person is None or Right.SEE in _fleet_rights(actor):
        return units
    if actor.scopes is not None and Right.SEE not in actor.scopes:
        return units.none()
    if actor.unit_id is not None:
        units = units.filter(pk=actor.unit_id)
        if Right.SEE in _of_fleet_roles(actor):
            return units
    return units.filter(memberships__person=actor.person).distinct()


def visible_models(actor: Actor) -> QuerySet[RegisteredModel]:
    """Return the models the actor may see; the only way views and serializers get at models."""
    return RegisteredModel.objects.filter(unit__in=visible_units(actor).values("pk"))


def visible_revisions(actor: Actor) -> QuerySet[ModelRevision]:
    """Return what models said in the past, as far as the actor may see it.

    Both the unit that a model belongs to and the one it belonged to then must be visible: a unit
    neither learns what a model was before it came, nor what becomes of one that it gave away.
    """
    units = visible_units(actor).values("pk")
    return ModelRevision.objects.filter(unit__in=units, model__unit__in=units)


def visible_people(actor: Actor) -> QuerySet[Person]:
    """Return the people the actor may see: oneself and those who share a visible unit."""
    if actor.person is None or Right.SEE in _fleet_rights(actor):
        return Person.objects.all()
    members = Membership.objects.filter(unit__in=visible_units(actor).values("pk"))
    return Person.objects.filter(Q(pk=actor.person.pk) | Q(pk__in=members.values("person")))


def visible_servers(actor: Actor) -> QuerySet[MLflowServer]:
    """Return the servers the actor may see: those that visible models are tied to."""
    if actor.person is None or Right.SEE in _fleet_rights(actor):
        return MLflowServer.objects.all()
    used = visible_models(actor).exclude(mlflow_server=None).values("mlflow_server")
    return MLflowServer.objects.filter(pk__in=used)


def unit_named(tags: Mapping[str, str]) -> str:
    """Return the unit that a model's tags in MLflow name: the first tag of MUSTER_UNIT_TAGS set."""
    return next((tags[name] for name in settings.MUSTER_UNIT_TAGS if tags.get(name)), "")


def visible_sources(actor: Actor) -> QuerySet[SourceModel]:
    """Return the models of MLflow that have no record and that the actor may know of.

    The names of other units' models are theirs: outside the fleet-wide roles one sees only what
    carries the tag of a unit that one sees. `unit_tag` is `unit_named` in SQL, or empty.
    """
    tags = [NullIf(KeyTextTransform(name, "tags"), Value("")) for name in settings.MUSTER_UNIT_TAGS]
    # Twice, because COALESCE wants two arguments even where no tag is set up.
    unit_tag = Coalesce(*tags, Value(""), Value(""), output_field=TextField())
    found = SourceModel.objects.filter(registered_model=None).annotate(unit_tag=unit_tag)
    if actor.person is None or Right.SEE in _fleet_rights(actor):
        return found
    return found.filter(unit_tag__in=visible_units(actor).values("slug"))


def visible_audit(actor: Actor) -> QuerySet[AuditEvent]:
    """Return the audit events of visible units; those of no unit are the platform's."""
    if actor.person is None or Right.SEE in _fleet_rights(actor):
        return AuditEvent.objects.all()
    return AuditEvent.objects.filter(unit__in=visible_units(actor).values("pk"))
