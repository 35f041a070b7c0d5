"""The fleet: one query for the rows, one for the counts; the page and the API use the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Extract, Least

from dashboard.queries import freshness
from monitoring.models import Alert, Run
from monitoring.states import AlertState, HealthState, RunState
from policies.models import ControlResult
from policies.models.releases import Result
from registry import access
from registry.actors import Actor
from registry.clock import MusterNow
from registry.models import RegisteredModel, SourceModel

PAGE = 50
WINDOWS = 13
_SEVERITY = {state: 4 - place for place, state in enumerate(HealthState)}
_WORST_FIRST = (
    RunState.BREACH,
    RunState.DRIFT,
    RunState.DATA_FAULT,
    RunState.SOURCE_FAULT,
    RunState.FAILED,
    RunState.MISSED,
    RunState.NOT_EVALUATED,
    RunState.OK,
    RunState.RUNNING,
    RunState.QUEUED,
)
_OPEN_RESULTS = (Result.FAILED, Result.EXPIRED, Result.UNKNOWN)


@dataclass(frozen=True)
class Filters:
    """What the address of the page or of the API asks for."""

    unit: str = ""
    status: tuple[str, ...] = ()
    tier: int | None = None
    owner: str = ""  # an e-mail address; the page turns `me` into one
    tag: str = ""
    search: str = ""
    page: int = 1
    size: int = PAGE

    def condition(self) -> Q:
        """Return the filters as one condition over annotated models."""
        found = Q(state__in=self.status) if self.status else Q()
        if self.unit:
            found &= Q(unit__slug=self.unit)
        if self.tier:
            found &= Q(tier=self.tier)
        if self.owner:
            found &= Q(owner__email=self.owner) | Q(deputy__email=self.owner)
        if self.tag:
            found &= Q(tags__contains=[self.tag])
        if self.search:
            found &= Q(name__icontains=self.search) | Q(slug__icontains=self.search)
        return found


@dataclass(frozen=True)
class Fleet:
    """One page of rows, how many match, and the counts of the whole visible fleet."""

    rows: list[dict[str, Any]]
    matching: int
    counts: list[dict[str, Any]]  # unit slug, unit name, state, n, matching, tier_1
    late: int
    now: datetime | None
    version: str  # the same as long as nothing on the page has moved


def with_state(models: QuerySet[RegisteredModel]) -> QuerySet[Any]:
    """Annotate `state`: what nobody watches or nobody has looked at in time is unknown.

    The sweep marks stale health as well; the page does not rely on the sweep being alive.
    """
    stale = Q(health__stale_at__lt=MusterNow()) & Q(
        health__state__in=[HealthState.OK, HealthState.WATCH]
    )
    return models.annotate(
        state=Case(
            When(health__isnull=True, then=Value(HealthState.UNKNOWN.value)),
            When(stale, then=Value(HealthState.UNKNOWN.value)),
            default=F("health__state"),
            output_field=CharField(),
        )
    )


def fleet_rows(
    actor: Actor, filters: Filters, *, models: QuerySet[RegisteredModel] | None = None
) -> Fleet:
    """Return one page of the fleet, worst first, with the counts per unit and state."""
    seen = with_state(access.visible_models(actor) if models is None else models)
    counts = _counts(seen, filters)
    first = (filters.page - 1) * filters.size
    rows = _rows(seen.filter(filters.condition()))[first : first + filters.size]
    return Fleet(
        rows=[row | {"windows": _states(row["windows"])} for row in rows],
        matching=sum(count["matching"] for count in counts),
        counts=counts,
        late=sum(count["late"] for count in counts),
        now=counts[0]["now"] if counts else None,
        version=freshness.version(counts),
    )


def fleet_version(models: QuerySet[RegisteredModel]) -> str:
    """Return what `fleet_rows` would give as version, in one query."""
    return freshness.version(_counts(with_state(models), Filters()))


def _counts(seen: QuerySet[Any], filters: Filters) -> list[dict[str, Any]]:
    late = Q(health__stale_at__lt=MusterNow())
    return list(
        seen.values("unit__slug", "unit__name", "state")
        .annotate(
            n=Count("pk"),
            matching=Count("pk", filter=filters.condition()),
            tier_1=Count("pk", filter=Q(tier=1)),
            late=Count("pk", filter=late),
            # An aggregate: a bare volatile function would join GROUP BY and split every group.
            now=Max(MusterNow()),
            **freshness.movements(seen),
        )
        .order_by("unit__name", "state")
    )


def _rows(seen: QuerySet[Any]) -> Any:
    severity = Case(
        *(When(state=state, then=Value(1000 * rank)) for state, rank in _SEVERITY.items()),
        output_field=IntegerField(),
    )
    days = Least(Coalesce(Extract(MusterNow() - F("health__since"), "day"), 9), 9)
    waiting = Exists(Alert.objects.filter(model=OuterRef("pk"), state=AlertState.FIRING))
    rank = ExpressionWrapper(
        F("severity")
        + 100 * (4 - F("tier"))
        + Case(When(state=HealthState.OK, then=0), default=10 * F("days"))
        + Case(When(waiting, then=5), default=0),
        output_field=IntegerField(),
    )
    return (
        seen.annotate(severity=severity, days=days)
        .annotate(rank=rank, **_columns())
        .order_by("-rank", "slug")
        .values(
            *("slug", "name", "tier", "task", "lifecycle", "tags", "state", "rank"),
            *("unit__slug", "unit__name", "owner__name", "owner__email"),
            *("health__reasons", "health__since", "health__observed_at"),
            *_columns(),
        )
    )


def _columns() -> dict[str, Any]:
    """Return the columns that come from other tables, each for the fifty rows shown only."""
    mine = Alert.objects.filter(model=OuterRef("pk")).exclude(state=AlertState.RESOLVED)
    newer = ControlResult.objects.filter(
        model=OuterRef("model"), control=OuterRef("control"), at__gt=OuterRef("at")
    )
    controls = ControlResult.objects.filter(
        ~Exists(newer), model=OuterRef("pk"), result__in=_OPEN_RESULTS
    )
    # Several checks look at one window; it is as bad as the worst of them found it.
    worst = Case(*(When(state=state, then=Value(n)) for n, state in enumerate(_WORST_FIRST)))
    windows = (
        Run.objects.filter(current=True, window__check_ref__model=OuterRef("pk"))
        .values("window__start")
        .annotate(worst=Min(worst, output_field=IntegerField()))
        .order_by("-window__start")
    )
    champion = SourceModel.objects.filter(registered_model=OuterRef("pk")).order_by("-pk")
    return {
        "open_alerts": Coalesce(Subquery(_count(mine)), 0),
        "headline": Subquery(mine.order_by("severity", "since").values("headline")[:1]),
        "controls_open": Coalesce(Subquery(_count(controls)), 0),
        "champion": Subquery(champion.values("aliases__champion")[:1]),
        "windows": ArraySubquery(windows.values("worst")[:WINDOWS]),
    }


def _states(ranks: list[int]) -> list[str]:
    return [_WORST_FIRST[rank].value for rank in ranks]


def _count(rows: QuerySet[Any]) -> Any:
    return rows.annotate(n=Func(F("pk"), function="COUNT")).values("n")
