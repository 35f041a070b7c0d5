"""Hand an incident around: put it off for a while, take it up again, give it to somebody.

A snooze always ends: at its time, or at once when the case gets worse. It keeps no one from being
told when a critical case of a tier 1 model is escalated: that takes two people (a silence).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from monitoring import attention, incidents
from monitoring.alerts import escalation, owing, waiting
from monitoring.models import Alert, Check, Incident, Window
from monitoring.states import AlertState, IncidentState, Severity
from registry import access, actors, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import BusinessUnit, Person
from registry.problems import Invalid, invalid, unknown_person

LONGEST_SNOOZE = timedelta(days=30)
LONGEST_ALONE = timedelta(hours=4)  # of a critical case of a tier 1 model: the deputy's turn
SHORTEST_SNOOZE = timedelta(minutes=1)


def snooze(
    actor: Actor, incident: str | int, *, until: datetime | None, at: datetime, reason: str = ""
) -> Incident:
    """Put a case off until a moment, or without one until the next check of its models is due."""
    with transaction.atomic():
        found, alerts, unit = incidents.take(actor, incident)
        _require_open(found)
        longest = _longest(found, alerts)
        ends = until or min(next_check(alerts, at=at), at + longest)
        _require_short(ends - at, longest)
        before = _snapshot(found)
        found.snoozed_until, found.snoozed_by = ends, actor.person
        found.attend_at = min(found.attend_at, ends) if found.attend_at else ends
        found.save(update_fields=["snoozed_until", "snoozed_by", "attend_at"])
        _record(actor, "incident.snoozed", found, unit, before, at=at, reason=reason)
    return found


def wake(actor: Actor, incident: str | int, *, at: datetime) -> Incident:
    """End a snooze now; what is not snoozed stays as it is."""
    with transaction.atomic():
        found, _, unit = incidents.take(actor, incident)
        _require_open(found)
        if found.snoozed_until is None:
            return found
        before = _snapshot(found)
        found.snoozed_until = found.snoozed_by = None
        found.attend_at = at  # whatever waited for the end of the snooze is looked at now
        found.save(update_fields=["snoozed_until", "snoozed_by", "attend_at"])
        _record(actor, "incident.woken", found, unit, before, at=at)
    return found


def assign(
    actor: Actor, incident: str | int, *, person: str | None, at: datetime, reason: str = ""
) -> Incident:
    """Give the case to somebody who may act on it (by mail address), or to nobody."""
    with transaction.atomic():
        found, alerts, unit = incidents.take(actor, incident)
        _require_open(found)
        chosen = _person(actor, person, alerts) if person else None
        if found.assigned_to == chosen:
            return found
        before = _snapshot(found)
        found.assigned_to = chosen
        found.save(update_fields=["assigned_to"])
        for alert in alerts:
            is_told = alert.state != AlertState.RESOLVED and alert.detail.get("muted_by") is None
            if chosen is not None and chosen != actor.person and is_told:
                owing.owe_assigned(alert, chosen, at=at)
        _record(actor, "incident.assigned", found, unit, before, at=at, reason=reason)
    return found


def escalate(actor: Actor, incident: str | int, *, at: datetime, reason: str = "") -> Incident:
    """Pass the case on now, to whom it would go next: the deputy, then the unit's admins."""
    with transaction.atomic():
        found, _, unit = incidents.take(actor, incident)
        _require_open(found)
        alerts = waiting.open_alerts(found)
        step = escalation.by_hand(waiting.case_of(found, alerts))
        if step is None or not alerts:
            detail = "nobody is left to pass it on to"
            raise invalid("/", "nobody_left", detail, "give it to somebody by name")
        before = _snapshot(found)
        names = attention.pass_on(found, alerts, step, at=at)
        found.save(update_fields=["escalated"])
        said = f"passed on to {names}" + (f": {reason}" if reason else "")
        _record(actor, "incident.escalated", found, unit, before, at=at, reason=said)
    return found


def on_each(numbers: Iterable[int], act: Callable[[int], object]) -> list[tuple[int, str]]:
    """Do the same with several cases, each for itself; return what was wrong with each, or ''."""
    told = []
    for number in dict.fromkeys(numbers):
        try:
            with transaction.atomic():
                act(number)
            told.append((number, ""))
        except Incident.DoesNotExist:
            told.append((number, "there is no such incident"))
        except access.NotAllowed as error:
            told.append((number, str(error)))
        except Invalid as error:
            told.append((number, "; ".join(f"{e.detail}: {e.fix}" for e in error.errors)))
    return told


def next_check(alerts: Iterable[Alert], *, at: datetime) -> datetime:
    """Return when the next verdict on one of the alerts' checks is to be expected."""
    checks = {alert.check_ref_id for alert in alerts if alert.check_ref_id}
    due = Window.objects.filter(check_ref__in=checks, due_at__gt=at).order_by("due_at").first()
    if due is not None:
        return min(due.due_at, at + LONGEST_SNOOZE)
    starts = Check.objects.filter(pk__in=checks, next_window_start__gt=at)
    first = starts.order_by("next_window_start").first()
    return min(first.next_window_start if first else at + timedelta(days=1), at + LONGEST_SNOOZE)


def may_act(person: Person, units: Iterable[BusinessUnit]) -> bool:
    """Say whether somebody may act on incidents of all of these units."""
    actor = actors.of_person(person)
    return all(access.can(actor, Right.ACT_ON_INCIDENTS, unit) for unit in units)


def _person(actor: Actor, email: str, alerts: list[Alert]) -> Person:
    chosen = access.visible_people(actor).filter(email=email, is_active=True).first()
    if chosen is None:
        raise Invalid(unknown_person("/person", email))
    units = {alert.model.unit_id: alert.model.unit for alert in alerts}
    if not may_act(chosen, units.values()):
        names = ", ".join(sorted(unit.name for unit in units.values()))
        detail = f"{chosen.email} may not act on incidents of {names}"
        fix = "give it to somebody with the role owner, developer, validator or approver there"
        raise invalid("/person", "cannot_act", detail, fix)
    return chosen


def _require_open(incident: Incident) -> None:
    if incident.state == IncidentState.CLOSED:
        detail = f"incident {incident.pk} is closed already"
        raise invalid("/", "already_closed", detail, "the next alert of this cause opens a new one")


def _longest(incident: Incident, alerts: list[Alert]) -> timedelta:
    grave = incident.severity == Severity.CRITICAL and any(a.model.tier == 1 for a in alerts)
    return LONGEST_ALONE if grave else LONGEST_SNOOZE


def _require_short(lasts: timedelta, longest: timedelta) -> None:
    if lasts < SHORTEST_SNOOZE:
        raise invalid("/until", "past", "a snooze ends in the future", "choose a later end")
    if lasts <= longest:
        return
    detail, fix = "a snooze lasts 30 days at most", "choose an earlier end"
    if longest == LONGEST_ALONE:
        detail = "a critical case of a tier 1 model is put off for 4 hours at most by one person"
        fix = "acknowledge it, or make a silence that a second person agrees to"
    raise invalid("/until", "too_long", detail, fix)


def _snapshot(incident: Incident) -> dict[str, Any]:
    until, person = incident.snoozed_until, incident.assigned_to
    return {
        "snoozed_until": until.isoformat() if until else None,
        "assigned_to": person.email if person else None,
        "escalated": incident.escalated,
    }


def _record(
    actor: Actor,
    action: str,
    incident: Incident,
    unit: BusinessUnit | None,
    before: dict[str, Any],
    *,
    at: datetime,
    reason: str = "",
) -> None:
    audit.record(
        actor, action, incident, at=at, unit=unit,
        before=before, after=_snapshot(incident), reason=reason[:500],
    )  # fmt: skip
