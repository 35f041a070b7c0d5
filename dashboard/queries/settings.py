"""What the settings pages list and load, as far as the reader may see it."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from monitoring.models import Channel
from policies.models import Trainer
from registry import access
from registry.access import Right
from registry.actors import Actor
from registry.models import BusinessUnit, Membership, MLflowServer, Person

Choices = tuple[tuple[str, str], ...]
PAGE = 100


def units(actor: Actor) -> QuerySet[Any]:
    """Return the visible units with how many models and people they have."""
    return (
        access.visible_units(actor)
        .annotate(
            n_models=Count("models", distinct=True),
            n_people=Count("memberships__person", distinct=True),
        )
        .order_by("name")
    )


def unit(actor: Actor, slug: str) -> BusinessUnit:
    """Return a visible unit."""
    return access.visible_units(actor).get(slug=slug)


def unit_choices(actor: Actor, right: Right) -> Choices:
    """Return the units in which the actor has a right."""
    seen = access.visible_units(actor).order_by("name")
    return tuple((unit.slug, unit.name) for unit in seen if access.can(actor, right, unit))


def members(found: BusinessUnit) -> list[dict[str, Any]]:
    """Return the people of a unit with their roles."""
    rows: dict[str, dict[str, Any]] = {}
    memberships = Membership.objects.filter(unit=found).select_related("person")
    for membership in memberships.order_by("person__name", "role"):
        email = membership.person.email
        row = rows.setdefault(email, {"email": email, "name": membership.person.name, "roles": []})
        row["roles"].append(membership.get_role_display())
    return list(rows.values())


def people(actor: Actor, search: str) -> QuerySet[Person]:
    """Return accounts, for those who keep them."""
    access.require(actor, Right.MANAGE_PLATFORM, None)
    found = Person.objects.prefetch_related("memberships__unit", "fleet_roles").order_by("name")
    return found.filter(Q(name__icontains=search) | Q(email__icontains=search)) if search else found


def servers(actor: Actor) -> QuerySet[MLflowServer]:
    """Return MLflow servers, for those who keep them."""
    access.require(actor, Right.MANAGE_PLATFORM, None)
    return MLflowServer.objects.order_by("slug")


def server_choices() -> Choices:
    """Return the MLflow servers a model can lie on."""
    return tuple(
        (s, s) for s in MLflowServer.objects.order_by("slug").values_list("slug", flat=True)
    )


def channels(actor: Actor) -> QuerySet[Channel]:
    """Return the channels of visible units; people's mailboxes are not kept by hand."""
    seen = access.visible_units(actor).values("pk")
    return Channel.objects.filter(unit__in=seen).select_related("unit").order_by("slug")


def trainers(actor: Actor) -> QuerySet[Trainer]:
    """Return the trainers of visible units."""
    seen = access.visible_units(actor).values("pk")
    return Trainer.objects.filter(unit__in=seen).select_related("unit").order_by("slug")
