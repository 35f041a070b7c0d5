"""What the frame of every page reads, in one query."""

from dataclasses import dataclass

from django.db.models import Exists, F, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from monitoring.models import Alert
from monitoring.states import AlertState
from registry import access
from registry.access import FLEET_RIGHTS, UNIT_RIGHTS, Right
from registry.actors import Actor
from registry.models import FleetRole, Membership, Person, RegisteredModel

_MANAGING = [role for role, rights in UNIT_RIGHTS.items() if Right.MANAGE_UNIT in rights]
_RUNNING = [role for role, rights in FLEET_RIGHTS.items() if Right.MANAGE_UNIT in rights]
_EDITING = [role for role, rights in UNIT_RIGHTS.items() if Right.EDIT_MODELS in rights]


@dataclass(frozen=True)
class Standing:
    """How many alerts fire among what the reader sees, and which doors to show."""

    firing: int
    may_manage: bool
    may_register: bool


def actor_of(request: HttpRequest) -> Actor:
    """Return the one who acts, as the middleware set it."""
    actor = request.actor  # type: ignore[attr-defined]
    assert isinstance(actor, Actor)
    return actor


def visible(request: HttpRequest) -> QuerySet[RegisteredModel]:
    """Return the models the reader may see; the roles are looked up once a request."""
    if not hasattr(request, "visible_models"):
        request.visible_models = access.visible_models(actor_of(request))  # type: ignore[attr-defined]
    return request.visible_models  # type: ignore[attr-defined, no-any-return]


def standing(request: HttpRequest) -> Standing:
    """Read the frame's figures."""
    if hasattr(request, "standing"):
        return request.standing  # type: ignore[no-any-return]
    firing = (
        Alert.objects.filter(state=AlertState.FIRING, model__in=visible(request).values("pk"))
        .annotate(n=Func(F("pk"), function="COUNT"))
        .values("n")
    )
    mine = Membership.objects.filter(person=OuterRef("pk"))
    fleet = Exists(FleetRole.objects.filter(person=OuterRef("pk"), role__in=_RUNNING))
    row = (
        Person.objects.filter(email=request.user.get_username())
        .annotate(
            firing=Coalesce(Subquery(firing), 0),
            runs_fleet=fleet,
            manages=Exists(mine.filter(role__in=_MANAGING)),
            edits=Exists(mine.filter(role__in=_EDITING)),
        )
        .values_list("firing", "runs_fleet", "manages", "edits")
        .first()
    )
    count, runs_fleet, manages, edits = row or (0, False, False, False)
    found = Standing(count, runs_fleet or manages, runs_fleet or edits)
    request.standing = found  # type: ignore[attr-defined]
    return found
