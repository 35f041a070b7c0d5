"""Keep whoever answers for a model able to see it when their roles change."""

from django.db.models import QuerySet

from registry import access
from registry.actors import of_person
from registry.models import Person, RegisteredModel
from registry.problems import invalid

_NAMED = 10


def seen(person: Person) -> frozenset[int]:
    """Return the models that somebody owns and sees."""
    return frozenset(_owned(person).values_list("pk", flat=True))


def require_seen(person: Person, before: frozenset[int], *, pointer: str) -> None:
    """Raise Invalid naming the models of `before` that their owner would see no more."""
    # A new actor each time: one knows its roles as they were when it first read them.
    lost = before - seen(person)
    if not lost:
        return
    models = RegisteredModel.objects.filter(pk__in=lost).order_by("slug")
    slugs = list(models.values_list("slug", flat=True)[:_NAMED])
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    detail = f"{person.email} owns {', '.join(slugs)}{more} and could not see it any more"
    fix = f'give the models another owner first: PATCH /api/v1/models/{slugs[0]}/ {{"owner": "…"}}'
    raise invalid(pointer, "owns_models", detail, fix)


def _owned(person: Person) -> QuerySet[RegisteredModel]:
    return access.visible_models(of_person(person)).filter(owner=person)
