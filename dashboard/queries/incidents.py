"""What the lists of alerts and incidents and the incident page read."""

import re
from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from monitoring.models import Alert, Delivery, Incident
from monitoring.states import AlertState, IncidentState
from policies.models import Decision
from registry import access
from registry.access import UNIT_RIGHTS, Right
from registry.actors import Actor
from registry.models import AuditEvent, Person, RegisteredModel

PAGE = 50
_ACTING = [role for role, rights in UNIT_RIGHTS.items() if Right.ACT_ON_INCIDENTS in rights]


def alerts_for(
    seen: QuerySet[RegisteredModel], *, state: str, person: int | None, page: int
) -> list[Alert]:
    """Return a page of alerts (and one row more when there is a next page), worst first."""
    rows = Alert.objects.filter(model__in=seen.values("pk"))
    if state == "open":
        rows = rows.exclude(state=AlertState.RESOLVED)
    elif state:
        rows = rows.filter(state=state)
    if person is not None:
        rows = rows.filter(Q(model__owner=person) | Q(model__deputy=person))
    order = (
        ("-resolved_at", "-pk") if state == AlertState.RESOLVED else ("severity", "-since", "pk")
    )
    first = (page - 1) * PAGE
    related = rows.select_related("model__unit", "model__owner", "acknowledged_by", "check_ref")
    return list(related.order_by(*order)[first : first + PAGE + 1])


def incident_of(seen: QuerySet[RegisteredModel], number: int) -> Incident:
    """Return an incident with its visible alerts, or raise DoesNotExist when it has none."""
    alerts = (
        Alert.objects.filter(model__in=seen.values("pk"))
        .select_related("model__unit", "model__owner", "check_ref")
        .select_related("latest_run__window__check_ref", "latest_run__batch__source")
        .select_related("latest_run__contract_version", "acknowledged_by")
        .prefetch_related("notes")
        .order_by("severity", "since")
    )
    touching = Incident.objects.filter(alerts__model__in=seen.values("pk")).distinct()
    return (
        touching.select_related("acknowledged_by", "closed_by", "assigned_to", "snoozed_by")
        .prefetch_related(Prefetch("alerts", queryset=alerts))
        .get(pk=number)
    )


def similar_to(incident: Incident, seen: QuerySet[RegisteredModel]) -> list[Incident]:
    """Return how earlier incidents of the same cause were closed."""
    past = Incident.objects.filter(cause=incident.cause, state=IncidentState.CLOSED)
    mine = past.filter(alerts__model__in=seen.values("pk")).exclude(pk=incident.pk)
    return list(mine.distinct().order_by("-closed_at")[:3])


def who_may_act(units: Iterable[int]) -> list[Person]:
    """Return the active people who may act on incidents in every one of these units (ids)."""
    people = Person.objects.filter(is_active=True)
    for unit in units:
        # A join for each unit: the same person in all of them.
        people = people.filter(memberships__unit=unit, memberships__role__in=_ACTING)
    return list(people.distinct().order_by("name", "pk")[:200])


def deliveries_of(alerts: list[Alert]) -> list[Delivery]:
    """Return who was told, newest first."""
    rows = Delivery.objects.filter(alert__in=alerts).select_related(
        "channel__person", "alert", "message"
    )
    return list(rows.order_by("-owed_at", "-pk")[:30])


def decisions_for(alerts: list[Alert]) -> list[Decision]:
    """Return the newest decision for each model of the incident."""
    newest = Decision.objects.filter(model__in={alert.model_id for alert in alerts})
    related = newest.select_related("policy_version__policy", "model", "trigger_run__window")
    return list(related.order_by("model", "-at", "-pk").distinct("model"))


def history_of(actor: Actor, incident: Incident) -> list[AuditEvent]:
    """Return what people did to the incident, as far as the actor may see it."""
    seen = access.visible_audit(actor)
    mine = seen.filter(object_type="incident", object_id=str(incident.pk))
    return list(mine.order_by("-pk")[:50])


def audit_events(
    seen: QuerySet[AuditEvent], *, filters: dict[str, str], before: int | None
) -> list[AuditEvent]:
    """Return a page of the events that may be seen, newest first (keyset by id)."""
    rows = seen if before is None else seen.filter(pk__lt=before)
    # The page shows `model.changed` as "Model changed"; either may be typed.
    action = re.sub(r"(\\ |\\\.|_)+", "[._ ]+", re.escape(filters.get("action", "")))
    if action:
        rows = rows.filter(action__iregex=action)
    names = {
        "actor": "actor_label__icontains",
        "object": "object_label__icontains",
        "request": "request_id",
    }
    for name, lookup in names.items():
        if filters.get(name):
            rows = rows.filter(**{lookup: filters[name]})
    return list(rows.select_related("unit").order_by("-pk")[: PAGE + 1])
