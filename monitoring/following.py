"""Follow a signed link: show what it would do, and do it when its button is pressed.

Looking changes nothing, because scanners of mail open every link. Doing it acts as the person the
link was sent to, with that person's rights as they are now, once.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from monitoring import handling, incidents
from monitoring.links import Link, Purpose, mailbox_of, read
from monitoring.models import Incident, NotificationSetting
from monitoring.queries.incidents import find_incident
from monitoring.states import AlertState, IncidentState
from registry import access, actors, audit
from registry.actors import Actor
from registry.models import AuditEvent, Person
from registry.problems import Invalid

_ACTIONS = {
    Purpose.ACKNOWLEDGE: "incident.acknowledged",
    Purpose.SNOOZE: "incident.snoozed",
}


class Unusable(Exception):
    """The link was right once, and does nothing now; the text says why and what to do instead."""


@dataclass(frozen=True)
class Followed:
    """Where a link leads: whose it is, about which case, and whether it has been used."""

    link: Link
    person: Person
    incident: Incident | None
    used: bool


def look(token: str, *, at: datetime) -> Followed:
    """Return what the link would do, or raise WrongLink or Unusable; nothing changes."""
    return _check(read(token), at=at)[0]


def follow(token: str, *, at: datetime, request_id: str = "") -> Followed:
    """Do what the link is for, once; a second time nothing more happens."""
    link = read(token)
    with transaction.atomic():
        found, actor = _check(link, at=at, request_id=request_id)
        if found.used:
            return found
        if found.incident is None:
            _unsubscribe(actor, found.person, _reason(link), at=at)
            return found
        try:
            _act(actor, link, found.incident.pk, at=at)
        except Invalid as error:
            text = "; ".join(f"{e.detail}: {e.fix}" for e in error.errors)
            raise Unusable(f"This cannot be done now: {text}.") from error
    return _check(link, at=at)[0]


def _act(actor: Actor, link: Link, incident: int, *, at: datetime) -> None:
    if link.purpose == Purpose.ACKNOWLEDGE:
        incidents.acknowledge(actor, incident, at=at, reason=_reason(link))
    else:
        handling.snooze(actor, incident, until=None, at=at, reason=_reason(link))


def _check(link: Link, *, at: datetime, request_id: str = "") -> tuple[Followed, Actor]:
    if at >= link.until:
        raise Unusable("Links in mails hold for seven days. Sign in and open the incident instead.")
    person = Person.objects.filter(pk=link.person_id, is_active=True).first()
    if person is None:
        raise Unusable("The account that this mail was sent to is closed.")
    if mailbox_of(person) != link.mailbox:
        raise Unusable("This mail was sent to an address that the account has no longer.")
    actor = actors.of_link(person, request_id=request_id)
    if link.incident is None:
        return Followed(link, person, None, not _gets_reports(person)), actor
    try:
        incidents.require_right(actor, link.incident)
    except (Incident.DoesNotExist, access.NotAllowed) as error:
        raise Unusable("You may not act on this incident any more.") from error
    incident = find_incident(actor, link.incident)
    if incident.state == IncidentState.CLOSED:
        raise Unusable(f"INC-{incident.pk} is closed already: there is nothing left to do.")
    return Followed(link, person, incident, _used(link, incident)), actor


def _used(link: Link, incident: Incident) -> bool:
    firing = incident.alerts.filter(state=AlertState.FIRING)
    acknowledged = incident.state == IncidentState.ACKNOWLEDGED and not firing.exists()
    if link.purpose == Purpose.ACKNOWLEDGE and acknowledged:
        return True  # perhaps by somebody else
    events = AuditEvent.objects.filter(object_type="incident", object_id=str(incident.pk))
    return events.filter(action=_ACTIONS[link.purpose], reason=_reason(link)).exists()


def _reason(link: Link) -> str:
    return f"by the link {link.name} in a mail, which holds until {link.until:%Y-%m-%d %H:%M} UTC"


def _gets_reports(person: Person) -> bool:
    setting = NotificationSetting.objects.filter(person=person).first()
    return setting is None or setting.weekly_report


def _unsubscribe(actor: Actor, person: Person, reason: str, *, at: datetime) -> None:
    setting, _ = NotificationSetting.objects.select_for_update().get_or_create(person=person)
    setting.weekly_report = False
    setting.save(update_fields=["weekly_report"])
    audit.record(
        actor, "person.notifications_changed", person, at=at,
        before={"weekly_report": True}, after={"weekly_report": False}, reason=reason,
    )  # fmt: skip
