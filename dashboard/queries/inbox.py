"""What the inbox reads: a tab of incidents with their worst alerts, and how many each tab holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from monitoring.models import Alert, Health, Incident, Message, NotificationSetting
from monitoring.states import AlertState, IncidentState
from registry.models import RegisteredModel

PAGE = 50
SHOWN_ALERTS = 3
_BUDGET_SPAN = timedelta(hours=12)


@dataclass(frozen=True)
class Budget:
    """How often somebody was interrupted in the last twelve hours, and how often at most."""

    used: int
    most: int


def counts(seen: QuerySet[RegisteredModel], *, person: int, now: datetime) -> dict[str, int]:
    """Return how many open incidents each tab holds."""
    tabs = _tabs(person, now)
    return (
        _touching(seen)
        .exclude(state=IncidentState.CLOSED)
        .aggregate(**{name: Count("pk", filter=wanted) for name, wanted in tabs.items()})
    )


def incidents(
    seen: QuerySet[RegisteredModel], *, tab: str, person: int, now: datetime, page: int
) -> list[Incident]:
    """Return a page of a tab (and one row more when there is a next page), worst first."""
    rows = _touching(seen)
    if tab == "closed":
        rows = rows.filter(state=IncidentState.CLOSED).order_by("-closed_at", "-pk")
    else:
        rows = rows.exclude(state=IncidentState.CLOSED).filter(_tabs(person, now)[tab])
        rows = rows.order_by("severity", "opened_at", "pk")
    first = (page - 1) * PAGE
    mine = Q(alerts__model__in=seen.values("pk"))
    counted = rows.annotate(
        models=Count("alerts__model", filter=mine, distinct=True),
        unit=Max("alerts__model__unit__name", filter=mine),
        units=ArrayAgg("alerts__model__unit", distinct=True),
        firing=Count("alerts", filter=mine & ~Q(alerts__state=AlertState.RESOLVED), distinct=True),
    )
    related = counted.select_related("acknowledged_by", "assigned_to", "snoozed_by")
    return list(related[first : first + PAGE + 1])


def worst_alerts(
    seen: QuerySet[RegisteredModel], incidents: list[Incident]
) -> Mapping[int, list[Alert]]:
    """Return the first few alerts of each incident, open and worst ones first."""
    place = Window(
        RowNumber(),
        partition_by=F("incident"),
        order_by=[F("resolved_at").desc(nulls_first=True), "severity", "since", "pk"],
    )
    ranked = Alert.objects.filter(incident__in=incidents, model__in=seen.values("pk"))
    rows = ranked.select_related("model").annotate(place=place).filter(place__lte=SHOWN_ALERTS)
    found: dict[int, list[Alert]] = {}
    for alert in rows.order_by("incident", "place"):
        found.setdefault(alert.incident_id, []).append(alert)
    return found


def budget(person: int, *, now: datetime) -> Budget:
    """Return how much of a person's budget of interruptions is used."""
    sent = Message.objects.filter(
        channel__person=person, interrupts=True, made_at__gt=now - _BUDGET_SPAN
    )
    own = NotificationSetting.objects.filter(person=person).values_list("interruptions", flat=True)
    return Budget(sent.count(), own.first() or NotificationSetting().interruptions)


def latest_look(seen: QuerySet[RegisteredModel]) -> tuple[int, datetime | None]:
    """Return how many models are watched, and when one of them was looked at last."""
    rows = Health.objects.filter(model__in=seen.values("pk"))
    found = rows.aggregate(watched=Count("pk"), at=Max("observed_at"))
    return found["watched"], found["at"]


def _touching(seen: QuerySet[RegisteredModel]) -> QuerySet[Incident]:
    of_mine = Alert.objects.filter(incident=OuterRef("pk"), model__in=seen.values("pk"))
    return Incident.objects.filter(Exists(of_mine))


def _tabs(person: int, now: datetime) -> dict[str, Q]:
    is_open = Alert.objects.filter(incident=OuterRef("pk")).exclude(state=AlertState.RESOLVED)
    owned = is_open.filter(Q(model__owner=person) | Q(model__deputy=person))
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now)
    return {
        "mine": awake & (Q(assigned_to=person) | Q(Exists(owned))),
        "all": awake,
        "unassigned": awake & Q(assigned_to=None, acknowledged_by=None),
        "snoozed": ~awake,
    }
