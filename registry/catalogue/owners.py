"""Keep whoever answers for a model, owner or deputy, able to see it when their roles change."""

from django.db.models import Q, QuerySet

from registry import access
from registry.actors import of_person
from registry.models import Person, RegisteredModel
from registry.problems import invalid

_NAMED = 10


def seen(person: Person) -> frozenset[int]:
    """Return the models that somebody answers for and sees."""
    return frozenset(_answered_for(person).values_list("pk", flat=True))


def require_seen(person: Person, before: frozenset[int], *, pointer: str) -> None:
    """Raise Invalid naming the models of `before` that who answers for them would see no more."""
    # A new actor each time: one knows its roles as they were when it first read them.
    lost = before - seen(person)
    if not lost:
        return
    models = RegisteredModel.objects.filter(pk__in=lost).order_by("slug")
    slugs = list(models.values_list("slug", flat=True)[:_NAMED])
    owns = models.filter(owner=person).exists()
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    is_what = "owns" if owns else "is the deputy of"
    detail = f"{person.email} {is_what} {', '.join(slugs)}{more} and could not see it any more"
    role = "owner" if owns else "deputy"
    fix = (
        f'give the models another {role} first: PATCH /api/v1/models/{slugs[0]}/ {{"{role}": "…"}}'
    )
    raise invalid(pointer, "owns_models", detail, fix)


def _answered_for(person: Person) -> QuerySet[RegisteredModel]:
    mine = Q(owner=person) | Q(deputy=person)
    return access.visible_models(of_person(person)).filter(mine)
