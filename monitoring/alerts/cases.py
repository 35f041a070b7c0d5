"""Open, find and settle the incidents that group alerts by cause."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from monitoring.models import Alert, Incident
from monitoring.states import AlertState, CloseVerdict, IncidentState, Severity


class CauseIsContested(Exception):
    """Others open and close incidents of this cause faster than this one can join."""


def lock(incident_ids: Iterable[int]) -> None:
    """Lock incidents in the one order everybody uses: incidents before alerts, by number."""
    rows = Incident.objects.filter(pk__in=set(incident_ids)).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))


def join(cause: str, *, title: str, severity: str, at: datetime) -> Incident:
    """Return the open incident of the cause, locked; open one when there is none."""
    for _ in range(3):
        found = (
            Incident.objects.exclude(state=IncidentState.CLOSED)
            .select_for_update()
            .filter(cause=cause)
            .first()
        )
        if found is not None:
            worsen(found, severity, at=at)
            return found
        try:
            with transaction.atomic():
                return Incident.objects.create(
                    cause=cause, title=title[:300], severity=severity, opened_at=at, attend_at=at
                )
        except IntegrityError:
            continue  # Somebody opened it in between; it is there (or closed again) now.
    raise CauseIsContested(cause)


def worsen(incident: Incident, severity: str, *, at: datetime) -> None:
    """Take the worse severity; what was acknowledged or put off as less bad is open again."""
    if severity != Severity.CRITICAL or incident.severity == Severity.CRITICAL:
        return
    incident.severity = severity
    incident.state = IncidentState.OPEN
    incident.acknowledged_at = incident.acknowledged_by = incident.acknowledged_until = None
    incident.snoozed_until = incident.snoozed_by = None
    # Who hears of a critical case is asked from its beginning, and now.
    incident.escalated, incident.attend_at = 0, at
    incident.save(
        update_fields=["severity", "state", "acknowledged_at", "acknowledged_by", "snoozed_until",
                       "acknowledged_until", "snoozed_by", "escalated", "attend_at"]
    )  # fmt: skip


def settle(incident_ids: Iterable[int], *, at: datetime) -> int:
    """Close the incidents whose last alert has resolved; return how many."""
    done = (
        Incident.objects.filter(pk__in=set(incident_ids))
        .exclude(state=IncidentState.CLOSED)
        .exclude(alerts__in=Alert.objects.exclude(state=AlertState.RESOLVED))
    )
    return Incident.objects.filter(pk__in=list(done.values_list("pk", flat=True))).update(
        state=IncidentState.CLOSED, closed_at=at, verdict=CloseVerdict.RECOVERED
    )
