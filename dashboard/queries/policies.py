"""What the pages of the retraining policies read."""

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from policies.models import Decision, PolicyVersion, RetrainingPolicy, Trainer
from registry import access
from registry.actors import Actor
from registry.models import RegisteredModel

Choices = tuple[tuple[str, str], ...]


def shown_selector(actor: Actor, selector: dict[str, Any] | None) -> dict[str, Any]:
    """Return a selector without the models that the actor may not see."""
    shown = dict(selector or {})
    if "models" in shown:
        visible = access.visible_models(actor).filter(slug__in=shown["models"])
        names = set(visible.values_list("slug", flat=True))
        shown["models"] = [slug for slug in shown["models"] if slug in names]
    return shown


def policies_for(actor: Actor) -> QuerySet[Any]:
    """Return the visible policies, with the version in force; the fleet's own are everybody's."""
    decided = Q(versions__decisions__model__unit__in=access.visible_units(actor).values("pk"))
    newest = PolicyVersion.objects.filter(policy=OuterRef("pk")).order_by("-number")
    seen = Q(unit__isnull=True) | Q(unit__in=access.visible_units(actor).values("pk"))
    return (
        RetrainingPolicy.objects.filter(seen)
        .select_related("unit")
        .annotate(
            number=Subquery(newest.values("number")[:1]),
            selector=Subquery(newest.values("selector")[:1]),
            spec=Subquery(newest.values("spec")[:1]),
            since=Subquery(newest.values("at")[:1]),
            decided=Count("versions__decisions", filter=decided),
        )
        .order_by("slug")
    )


def versions_of(policy: RetrainingPolicy) -> list[PolicyVersion]:
    """Return the versions, newest first."""
    return list(policy.versions.select_related("by").order_by("-number")[:20])


def decisions_by(
    policy: RetrainingPolicy, seen: QuerySet[RegisteredModel], *, most: int = 25
) -> list[Decision]:
    """Return the latest decisions of a policy about visible models."""
    rows = Decision.objects.filter(policy_version__policy=policy, model__in=seen.values("pk"))
    related = rows.select_related("model", "trigger_run__window", "policy_version")
    return list(related.order_by("-at", "-pk")[:most])


def trainer_choices(actor: Actor, named: str | None = None) -> Choices:
    """Return the trainers a policy may name, and the one it names whoever keeps that."""
    seen = Trainer.objects.filter(unit__in=access.visible_units(actor).values("pk"))
    slugs = [*seen.order_by("slug").values_list("slug", flat=True)]
    return tuple((slug, slug) for slug in ([named] if named and named not in slugs else []) + slugs)
