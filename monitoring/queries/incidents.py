"""Read incidents and alerts; whoever asks is named, and sees only their units."""

from dataclasses import dataclass

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from monitoring.models import Alert, Delivery, Incident
from monitoring.states import AlertState, IncidentState, Severity
from registry import access
from registry.actors import Actor
from registry.models import BusinessUnit, RegisteredModel

ALERT_RELATIONS = (
    "model__unit",
    "model__owner",
    "check_ref",
    "incident",
    "acknowledged_by",
    "latest_run__window",
)
OPEN_ALERTS = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
_WORST_FIRST = Case(
    When(severity=Severity.CRITICAL, then=Value(0)), default=Value(1), output_field=IntegerField()
)


@dataclass(frozen=True)
class IncidentDetail:
    """An incident with what the one who asks may see of it."""

    incident: Incident
    alerts: list[Alert]
    deliveries: list[Delivery]
    earlier: list[Incident]
    can_act: bool


@dataclass(frozen=True)
class Counts:
    """How much is open."""

    open: int
    critical: int
    unacknowledged: int


def visible_alerts(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts of models the actor sees."""
    return Alert.objects.filter(model__in=access.visible_models(actor).values("pk"))


def visible_incidents(actor: Actor) -> QuerySet[Incident]:
    """Return the incidents with an alert the actor sees, counting only such alerts."""
    mine = Q(alerts__model__in=access.visible_models(actor).values("pk"))
    return (
        Incident.objects.filter(Exists(visible_alerts(actor).filter(incident=OuterRef("pk"))))
        .select_related("acknowledged_by", "closed_by", "assigned_to")
        .annotate(
            alerts_total=Count("alerts", filter=mine, distinct=True),
            models_total=Count("alerts__model", filter=mine, distinct=True),
        )
    )


def open_incidents(actor: Actor) -> QuerySet[Incident]:
    """Return the open incidents, the worst and then the newest first."""
    is_open = visible_incidents(actor).exclude(state=IncidentState.CLOSED)
    return is_open.order_by(_WORST_FIRST, "-opened_at", "-pk")


def find_incident(actor: Actor, key: str | int) -> Incident:
    """Return a visible incident by "381" or "INC-381", or raise DoesNotExist."""
    text = str(key).upper().removeprefix("INC-")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Incident.DoesNotExist
    return visible_incidents(actor).get(pk=int(text))


def incident_detail(actor: Actor, key: str | int) -> IncidentDetail:
    """Return a visible incident with its alerts, messages and earlier cases, or raise."""
    incident = find_incident(actor, key)
    alerts = alerts_of_incident(actor, incident)
    deliveries = (
        Delivery.objects.filter(alert__in=[alert.pk for alert in alerts])
        .select_related("channel__person", "channel__unit", "alert", "message")
        .order_by("owed_at", "pk")
    )
    earlier = (
        visible_incidents(actor)
        .filter(cause=incident.cause, state=IncidentState.CLOSED)
        .exclude(pk=incident.pk)
        .order_by("-closed_at")[:5]
    )
    return IncidentDetail(
        incident=incident,
        alerts=list(alerts),
        deliveries=list(deliveries),
        earlier=list(earlier),
        can_act=all(
            access.can(actor, access.Right.ACT_ON_INCIDENTS, unit) for unit in units_of(alerts)
        ),
    )


def alerts_of_incident(actor: Actor, incident: Incident) -> list[Alert]:
    """Return the visible alerts of an incident, open ones first."""
    alerts = visible_alerts(actor).filter(incident=incident).select_related(*ALERT_RELATIONS)
    return list(alerts.order_by(F("resolved_at").desc(nulls_first=True), "opened_at", "pk"))


def units_of(alerts: list[Alert]) -> list[BusinessUnit]:
    """Return the units whose people answer for these alerts."""
    return list({alert.model.unit_id: alert.model.unit for alert in alerts}.values())


def alerts_of(model: RegisteredModel, *, is_open: bool = False) -> QuerySet[Alert]:
    """Return the alerts of a model that the caller has already found, newest first."""
    alerts = Alert.objects.filter(model=model).select_related(*ALERT_RELATIONS)
    if is_open:
        alerts = alerts.filter(state__in=OPEN_ALERTS)
    return alerts.order_by("-opened_at", "-pk")


def counts(actor: Actor) -> Counts:
    """Count what is open for the menu and the top of the pages."""
    found = (
        Incident.objects.filter(Exists(visible_alerts(actor).filter(incident=OuterRef("pk"))))
        .exclude(state=IncidentState.CLOSED)
        .aggregate(
            open=Count("pk"),
            critical=Count("pk", filter=Q(severity=Severity.CRITICAL)),
            unacknowledged=Count("pk", filter=Q(state=IncidentState.OPEN)),
        )
    )
    return Counts(**found)
