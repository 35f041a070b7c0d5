"""The queue of MLflow's models that no one has registered: how old, whose, and who waved it off."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from django.db import transaction
from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from pydantic import AfterValidator, StringConstraints

from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.clock import MusterNow
from registry.models import BusinessUnit, SourceModel
from registry.plain_text import lines
from registry.problems import invalid

FILTERS = {
    "server": "slug of the MLflow server",
    "q": "words in the name or description",
    "tag": "a tag of MLflow's model, `key` or `key=value`; repeat it for all of them",
    "alias": "an alias that points to a version, such as `champion`",
    "bu": "slug of the unit that the model's tag names",
    "older_than_days": "seen here for the first time at least so many days ago",
    "dismissed": "`true` for those that somebody waved off; `false` when absent",
    "ordering": "`first_seen_at` (oldest first, when absent) or `-first_seen_at`",
}
ORDERINGS = ("first_seen_at", "-first_seen_at")
_LONGEST_WAIT = 36_500


@dataclass(frozen=True)
class Summary:
    """How many models wait for a record, and for how long the oldest one does."""

    models: int
    longest: timedelta | None


class Dismissal(bodies.Body):
    """Why a model needs no record."""

    reason: Annotated[
        str,
        StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
        AfterValidator(lines),
    ]


def queue(actor: Actor, *, dismissed: bool = False) -> QuerySet[SourceModel]:
    """Return what is in MLflow now, has no record and is the actor's to know of."""
    found = _free(actor).filter(presence=SourceModel.Presence.PRESENT)
    return found.filter(dismissed_at__isnull=not dismissed).select_related("server")


def listed(actor: Actor, params: dict[str, Any], *, at: datetime) -> QuerySet[SourceModel]:
    """Return the queue narrowed by FILTERS, with the number of versions of each model."""
    wanted = params.get("dismissed", "false")
    if wanted not in ("true", "false"):
        raise invalid("/dismissed", "invalid", "this is true or false", "dismissed=true")
    return counted(narrowed(queue(actor, dismissed=wanted == "true"), params, at=at))


def counted(found: QuerySet[SourceModel]) -> QuerySet[SourceModel]:
    """Add how many versions each model has, as `n_versions`."""
    return found.annotate(n_versions=Count("versions", filter=Q(versions__deleted_at=None)))


def narrowed(
    found: QuerySet[SourceModel], params: dict[str, Any], *, at: datetime
) -> QuerySet[SourceModel]:
    """Narrow a list of MLflow's models by what FILTERS name."""
    if server := params.get("server"):
        found = found.filter(server__slug=server)
    if unit := params.get("bu"):
        found = found.filter(Q(unit_tag=unit))
    if alias := params.get("alias"):
        found = found.filter(aliases__has_key=alias)
    tags = params.get("tag") or []
    for tag in [tags] if isinstance(tags, str) else tags:
        key, equals, value = tag.partition("=")
        wanted = Q(tags__contains={key: value}) if equals else Q(tags__has_key=key)
        found = found.filter(wanted)
    for word in str(params.get("q", "")).split()[:10]:
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    if days := params.get("older_than_days"):
        found = found.filter(first_seen_at__lte=at - timedelta(days=_days(str(days))))
    return found


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > _LONGEST_WAIT:
        raise invalid(
            "/older_than_days",
            "invalid",
            f"a whole number of days, at most {_LONGEST_WAIT}",
            "older_than_days=30",
        )
    return int(text)


def ordering(text: str) -> list[str]:
    """Return the columns to order by; age has a direction, and rows of one sweep an order."""
    if text not in ORDERINGS:
        fix = f"one of {', '.join(ORDERINGS)}"
        raise invalid("/ordering", "invalid", "the queue has no such order", fix)
    return [text, "-id" if text.startswith("-") else "id"]


def summary(actor: Actor) -> Summary:
    """Return how much waits, for the pages that only tell of it."""
    # The database knows the time as well: asking for it apart would be a query more.
    longest = ExpressionWrapper(MusterNow() - Min("first_seen_at"), DurationField())
    found = queue(actor).order_by().aggregate(n=Count("pk"), longest=longest)
    return Summary(found["n"], found["longest"])


def created_at(source: SourceModel) -> datetime | None:
    """Return when the model was made in MLflow; None when MLflow names no possible time."""
    try:
        return datetime.fromtimestamp(source.created_ms / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None


def find(actor: Actor, key: str) -> SourceModel:
    """Return one model without a record, dismissed or not, or raise DoesNotExist."""
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        raise SourceModel.DoesNotExist
    return known(actor).get(pk=int(key))


def known(actor: Actor) -> QuerySet[SourceModel]:
    """Return everything without a record that is the actor's to know of, dismissed or gone."""
    return _free(actor).select_related("server")


def _free(actor: Actor) -> QuerySet[SourceModel]:
    """Add the record that bears the name and is tied to a model before, as `made_anew_for`."""
    records = access.visible_models(actor).filter(
        mlflow_server=OuterRef("server"), mlflow_name=OuterRef("name")
    )
    tied = records.filter(Exists(SourceModel.objects.filter(registered_model=OuterRef("pk"))))
    return access.visible_sources(actor).annotate(made_anew_for=Subquery(tied.values("slug")[:1]))


def unit_of(source: SourceModel) -> BusinessUnit | None:
    """Return the unit that the model's tag names, if there is such a unit."""
    tag = getattr(source, "unit_tag", "")
    return BusinessUnit.objects.filter(slug=tag).first() if tag else None


def may_decide(actor: Actor, source: SourceModel) -> None:
    """Raise NotAllowed unless the actor may say that the model needs no record."""
    unit = unit_of(source)
    access.require(actor, Right.EDIT_MODELS if unit else Right.MANAGE_PLATFORM, unit)


def dismiss(actor: Actor, source: SourceModel, data: Any, *, at: datetime) -> SourceModel:
    """Take a model out of the queue, with the reason why it needs no record."""
    may_decide(actor, source)
    reason = bodies.parse(Dismissal, data).reason
    columns = {"dismissed_at": at, "dismissed_by": actor.person, "dismiss_reason": reason}
    return _decide(actor, source, "source.dismissed", columns, at=at)


def restore(actor: Actor, source: SourceModel, *, at: datetime) -> SourceModel:
    """Put a dismissed model back into the queue."""
    may_decide(actor, source)
    columns = {"dismissed_at": None, "dismissed_by": None, "dismiss_reason": ""}
    return _decide(actor, source, "source.restored", columns, at=at)


@transaction.atomic
def _decide(
    actor: Actor, source: SourceModel, action: str, columns: dict[str, Any], *, at: datetime
) -> SourceModel:
    locked = SourceModel.objects.select_for_update().get(pk=source.pk, registered_model=None)
    before = _snapshot(locked)
    for name, value in columns.items():
        setattr(locked, name, value)
    after = _snapshot(locked)
    if after != before:
        locked.save(update_fields=list(columns))
        audit.record(
            actor, action, locked, at=at, unit=unit_of(source),
            before=before, after=after, reason=locked.dismiss_reason,
        )  # fmt: skip
    return locked


def _snapshot(source: SourceModel) -> dict[str, Any]:
    return {"dismissed": source.dismissed_at is not None, "reason": source.dismiss_reason}
