"""Look after open incidents: pass them on, remind, end acknowledgments and snoozes; a duty.

Each incident is one transaction under its own lock. When it is looked at next is written with
what was done, so that a crash before the commit leaves it due, and one after it leaves it done.
"""

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from monitoring import chaos, health
from monitoring.alerts import escalation, messages, owing, recipients, waiting
from monitoring.alerts.escalation import Due, Step
from monitoring.models import Alert, Incident
from monitoring.states import AlertState, IncidentState
from registry import actors, audit
from registry.clock import MusterNow
from registry.models import BusinessUnit


def attend_due(*, at: datetime, seconds: float) -> int:
    """Look after the incidents that are due for at most `seconds`; return how many."""
    ends = time.monotonic() + seconds
    done = 0
    while time.monotonic() < ends and _attend_next(at=at):
        done += 1
        chaos.point("attention.written")
    return done


def _attend_next(*, at: datetime) -> bool:
    with transaction.atomic():
        incident = (
            Incident.objects.exclude(state=IncidentState.CLOSED)
            .filter(attend_at__lte=MusterNow())
            .select_for_update(skip_locked=True, no_key=True)
            .order_by("attend_at", "pk")
            .first()
        )
        if incident is None:
            return False
        alerts = waiting.open_alerts(incident)
        _do(incident, alerts, escalation.attend(waiting.case_of(incident, alerts), at=at), at=at)
        return True


def _do(incident: Incident, alerts: Sequence[Alert], due: Due, *, at: datetime) -> None:
    if due.wakes:
        incident.snoozed_until = incident.snoozed_by = None
    if due.reopens:
        _reopen(incident, alerts, at=at)
    if incident.snoozed_until is None:
        # What was held for a snooze that has ended, in whichever way, is looked at anew.
        messages.release(incident)
    for step in due.steps:
        names = pass_on(incident, alerts, step, at=at)
        _record(incident, "incident.escalated", alerts, f"passed on to {names}", at=at)
    if due.reminds and not due.steps:
        for alert in _worst(alerts):
            owing.owe_reminder(alert, at=at)
    # Should the clock of the domain lag behind the database's, it is not due again at once.
    incident.attend_at = due.next_at
    incident.save(
        update_fields=["snoozed_until", "snoozed_by", "escalated", "attend_at", "state",
                       "acknowledged_at", "acknowledged_by", "acknowledged_until"]
    )  # fmt: skip


def _reopen(incident: Incident, alerts: Sequence[Alert], *, at: datetime) -> None:
    by = incident.acknowledged_by
    incident.state = IncidentState.OPEN
    incident.acknowledged_at = incident.acknowledged_by = None
    if incident.acknowledged_until is None:
        incident.acknowledged_until = at
    mine = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=mine, state=AlertState.ACKNOWLEDGED).update(
        state=AlertState.FIRING, acknowledged_at=None, acknowledged_by=None
    )
    for alert in _worst(alerts):
        owing.owe_reminder(alert, at=at)
    for _, model in sorted({alert.model_id: alert.model for alert in alerts}.items()):
        health.recompute(model, at=at)
    who = f"by {by.name} " if by else ""
    _record(incident, "incident.acknowledgment_ended", alerts, f"the one {who}has run out", at=at)


def pass_on(incident: Incident, alerts: Sequence[Alert], step: Step, *, at: datetime) -> str:
    """Owe the news to whom the step reaches; return their names. The caller saves `escalated`."""
    incident.escalated += 1
    names: dict[str, None] = {}
    for alert in _worst(alerts):
        people = [person for link in step.to for person in recipients.of_step(alert, link)]
        owing.owe_escalated(alert, people, at=at)
        names |= dict.fromkeys(person.name for person in people)
    return ", ".join(names) or "nobody: there is no active account left"


def _worst(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the critical alerts; all, when none is."""
    return [alert for alert in alerts if alert.severity == "critical"] or list(alerts)


def _record(
    incident: Incident, action: str, alerts: Sequence[Alert], reason: str, *, at: datetime
) -> None:
    units: dict[int, BusinessUnit] = {a.model.unit_id: a.model.unit for a in alerts}
    unit = next(iter(units.values())) if len(units) == 1 else None
    actor = actors.system("attention")
    audit.record(actor, action, incident, at=at, unit=unit, reason=reason[:500])
