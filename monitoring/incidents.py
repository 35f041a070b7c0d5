"""What people do with an incident: acknowledge it, and close it with a verdict and a cause."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from monitoring import health
from monitoring.alerts import owing
from monitoring.models import Alert, Incident, Run
from monitoring.queries import incidents as queries
from monitoring.states import VERDICTS, AlertState, CloseVerdict, IncidentState
from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.models import BusinessUnit
from registry.problems import FieldError, Invalid, invalid

LONGEST_CAUSE = 5000
# "Recovered by itself" is what Muster writes; a person says what it was.
PERSONS_VERDICTS = [verdict for verdict in CloseVerdict if verdict != CloseVerdict.RECOVERED]


def acknowledge(actor: Actor, incident: str | int, *, at: datetime, reason: str = "") -> Incident:
    """Say that somebody is on it: the incident and its firing alerts; twice is once."""
    with transaction.atomic():
        found, alerts, unit = take(actor, incident)
        if found.state == IncidentState.CLOSED:
            detail = f"incident {found.pk} is closed already"
            raise invalid("/", "already_closed", detail, "nothing is left to acknowledge")
        firing = [alert for alert in alerts if alert.state == AlertState.FIRING]
        if found.state == IncidentState.ACKNOWLEDGED and not firing:
            return found
        before = _snapshot(found)
        found.state = IncidentState.ACKNOWLEDGED
        found.acknowledged_at, found.acknowledged_by = at, actor.person
        found.acknowledged_until = at + timedelta(days=settings.MUSTER_ACKNOWLEDGED_DAYS)
        found.attend_at = found.acknowledged_until
        found.save(
            update_fields=["state", "acknowledged_at", "acknowledged_by", "acknowledged_until",
                           "attend_at"]
        )  # fmt: skip
        Alert.objects.filter(pk__in=[alert.pk for alert in firing]).update(
            state=AlertState.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=actor.person
        )
        for alert in firing:
            owing.owe_acknowledged(alert, at=at)
        _recompute(alerts, at=at)
        audit.record(
            actor, "incident.acknowledged", found, at=at, unit=unit,
            before=before, after=_snapshot(found), reason=reason[:500],
        )  # fmt: skip
    return found


def close(
    actor: Actor, incident: str | int, *, verdict: str, root_cause: str, at: datetime
) -> Incident:
    """Close the case with what it was and why; its open alerts end, whoever was told hears it.

    A case that ended by itself can be given its verdict afterwards, once.
    """
    root_cause = root_cause.strip()
    _check(verdict, root_cause)
    with transaction.atomic():
        found, alerts, unit = take(actor, incident)
        if found.state == IncidentState.CLOSED and found.closed_by_id is not None:
            if (found.verdict, found.root_cause) == (verdict, root_cause):
                return found
            fix = "what was concluded stays; the next alert of this cause opens a new incident"
            raise invalid("/", "already_closed", f"incident {found.pk} is closed already", fix)
        before = _snapshot(found)
        if found.state != IncidentState.CLOSED:
            found.state, found.closed_at = IncidentState.CLOSED, at
        found.verdict, found.root_cause, found.closed_by = verdict, root_cause, actor.person
        found.save(update_fields=["state", "closed_at", "verdict", "root_cause", "closed_by"])
        for alert in alerts:
            if alert.state != AlertState.RESOLVED:
                _end(alert, at=at)
        _recompute(alerts, at=at)
        audit.record(
            actor, "incident.closed", found, at=at, unit=unit,
            before=before, after=_snapshot(found), reason=root_cause[:500],
        )  # fmt: skip
    return found


def require_right(actor: Actor, incident: str | int) -> None:
    """Raise unless the actor sees the incident and may act on it."""
    found = queries.find_incident(actor, incident)
    for unit in queries.units_of(queries.alerts_of_incident(actor, found)):
        access.require(actor, Right.ACT_ON_INCIDENTS, unit)


def take(actor: Actor, key: str | int) -> tuple[Incident, list[Alert], BusinessUnit | None]:
    """Find and lock the incident, then its alerts, for somebody who may act on it."""
    visible = queries.find_incident(actor, key)
    units = queries.units_of(queries.alerts_of_incident(actor, visible))
    for unit in units:
        access.require(actor, Right.ACT_ON_INCIDENTS, unit)
    incident = Incident.objects.select_for_update(no_key=True).get(pk=visible.pk)
    alerts = (
        Alert.objects.filter(incident=incident)
        .select_related("model", "check_ref")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    return incident, list(alerts), units[0] if len(units) == 1 else None


def _end(alert: Alert, *, at: datetime) -> None:
    # The episode ends at the newest verdict: what comes after is judged as a new one.
    runs = Run.objects.filter(window__check_ref=alert.check_ref_id, current=True)
    verdicts = runs.filter(state__in=VERDICTS).order_by("-window__start")
    newest = verdicts.first() if alert.check_ref_id else None
    alert.state, alert.resolved_at = AlertState.RESOLVED, at
    alert.latest_run = newest or alert.latest_run
    alert.save(update_fields=["state", "resolved_at", "latest_run"])
    owing.owe_resolved(alert, at=at)


def _recompute(alerts: Iterable[Alert], *, at: datetime) -> None:
    models = {alert.model_id: alert.model for alert in alerts}
    for _, model in sorted(models.items()):
        health.recompute(model, at=at)


def _check(verdict: str, root_cause: str) -> None:
    errors = []
    if verdict not in PERSONS_VERDICTS:
        known = ", ".join(PERSONS_VERDICTS)
        errors.append(FieldError("/verdict", "invalid", "no such verdict", f"one of {known}"))
    if not root_cause:
        fix = "one sentence that helps whoever meets this next"
        errors.append(FieldError("/root_cause", "required", "say what caused it", fix))
    if len(root_cause) > LONGEST_CAUSE:
        detail = f"at most {LONGEST_CAUSE} characters"
        errors.append(FieldError("/root_cause", "too_long", detail, "shorten it"))
    errors += bodies.unreadable(root_cause, pointer="/root_cause")
    if errors:
        raise Invalid(*errors)


def _snapshot(incident: Incident) -> dict[str, object]:
    return {
        "state": str(incident.state),
        "acknowledged_by": incident.acknowledged_by.email if incident.acknowledged_by else None,
        "closed_by": incident.closed_by.email if incident.closed_by else None,
        "verdict": str(incident.verdict),
        "root_cause": incident.root_cause,
    }
