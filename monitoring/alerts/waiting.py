"""Read an open incident as the facts that escalation asks for, and say in words what comes next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from monitoring.alerts import escalation, recipients
from monitoring.alerts.escalation import Case
from monitoring.alerts.message import time_of
from monitoring.models import Alert, Delivery, Incident
from monitoring.states import AlertState, IncidentState, News, Severity


def open_alerts(incident: Incident) -> list[Alert]:
    """Return the alerts of an incident that are open and told, the worst first."""
    rows = (
        Alert.objects.filter(incident=incident)
        .exclude(state=AlertState.RESOLVED)
        .select_related("model__unit", "model__owner", "model__deputy", "incident", "check_ref")
        .order_by("severity", "pk")
    )
    return [alert for alert in rows if alert.detail.get("muted_by") is None]


def case_of(incident: Incident, alerts: Sequence[Alert]) -> Case:
    """Return what escalation must know about an incident with these open alerts."""
    critical = [alert for alert in alerts if alert.severity == Severity.CRITICAL]
    until = incident.acknowledged_until
    acknowledged = incident.state == IncidentState.ACKNOWLEDGED
    if acknowledged and until is None and incident.acknowledged_at is not None:
        until = incident.acknowledged_at + timedelta(days=settings.MUSTER_ACKNOWLEDGED_DAYS)
    reminders = Delivery.objects.filter(alert__incident=incident, kind=News.REMINDER)
    reminder = reminders.order_by("-owed_at").first()
    return Case(
        severity=Severity.CRITICAL.value if critical else Severity.WATCH.value,
        tier=min((alert.model.tier for alert in critical or alerts), default=4),
        began_at=min((alert.opened_at for alert in critical or alerts), default=incident.opened_at),
        pipeline=bool(alerts)
        and all(recipients.pipeline_owner(alert) is not None for alert in alerts),
        escalated=incident.escalated,
        acknowledged=acknowledged,
        acknowledged_until=until,
        snoozed_until=incident.snoozed_until,
        reminded_at=reminder.owed_at if reminder else None,
    )


def next_words(alert: Alert, *, time_zone: str) -> str:
    """Say who hears of an alert next, and when, unless somebody acknowledges it; '' for nobody."""
    incident = alert.incident
    if incident.state != IncidentState.OPEN:
        return ""
    found = escalation.next_step(case_of(incident, open_alerts(incident)))
    if found is None:
        return ""
    step, moment = found
    names = dict.fromkeys(p.name for to in step.to for p in recipients.of_step(alert, to))
    if not names:
        return ""
    return f"Escalates to {', '.join(names)} at {_moment(moment, time_zone)}."


def _moment(moment: datetime, time_zone: str) -> str:
    return time_of(moment, time_zone)
