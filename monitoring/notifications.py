"""How a person, and a unit, want to be told: quiet hours, digests, budgets, reports."""

from datetime import datetime, time
from typing import Any

from django.db import transaction
from pydantic import Field

from monitoring.alerts import readers
from monitoring.models import NotificationSetting, UnitNotification
from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.models import BusinessUnit, Person

OWN = (
    "quiet_from",
    "quiet_until",
    "quiet_weekends",
    "digest_at",
    "interruptions",
    "watch_in_digest",
    "weekly_report",
)
OF_UNIT = ("quiet_hours", "budgets", "monthly_report")


class MyNotificationsBody(bodies.Change):
    """How I am told; times are in my time zone, as 19:00. What is absent is kept."""

    quiet_from: time = time(19)
    quiet_until: time = time(7, 30)
    quiet_weekends: bool = True
    digest_at: time = time(8, 30)
    interruptions: int = Field(default=2, ge=1, le=50)
    watch_in_digest: bool = False
    weekly_report: bool = True


class UnitNotificationsBody(bodies.Change):
    """Which limits on noise hold for the people of a unit. What is absent is kept."""

    quiet_hours: bool = True
    budgets: bool = True
    monthly_report: bool = True


def setting_of(person: Person) -> NotificationSetting:
    """Return how somebody is told; who never chose has the usual setting, not stored yet."""
    found = NotificationSetting.objects.filter(person=person).first()
    return found or NotificationSetting(person=person)


def of_unit(unit: BusinessUnit) -> UnitNotification:
    """Return which limits hold in a unit; as the settings say where nobody chose."""
    return readers.limits_of([unit])[unit.pk]


@transaction.atomic
def put_own(actor: Actor, data: Any, *, at: datetime) -> NotificationSetting:
    """Change how the actor is told."""
    body = bodies.parse(MyNotificationsBody, data)
    assert actor.person is not None
    Person.objects.select_for_update(no_key=True).get(pk=actor.person.pk)
    found = setting_of(actor.person)
    before = show_own(found)
    for name, value in body.given().items():
        # To the minute and without a zone: it is the clock on the person's wall.
        setattr(found, name, _on_the_wall(value) if isinstance(value, time) else value)
    after = show_own(found)
    if after != before:
        found.save()
        audit.record(
            actor, "person.notifications_changed", actor.person, at=at, unit=None,
            before=before, after=after, reason=body.change_reason,
        )  # fmt: skip
    return found


@transaction.atomic
def put_unit(actor: Actor, unit: BusinessUnit, data: Any, *, at: datetime) -> UnitNotification:
    """Change which limits on noise hold in a unit; for its admins."""
    access.require(actor, Right.MANAGE_UNIT, unit)
    body = bodies.parse(UnitNotificationsBody, data)
    BusinessUnit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    found, _ = UnitNotification.objects.get_or_create(unit=unit)
    before = show_unit(of_unit(unit))
    given = body.given()
    for name, value in given.items():
        setattr(found, name, value)
    found.save(update_fields=[*given])
    after = show_unit(of_unit(unit))
    if after != before:
        audit.record(
            actor, "unit.notifications_changed", unit, at=at, unit=unit,
            before=before, after=after, reason=body.change_reason,
        )  # fmt: skip
    return of_unit(unit)


def show_own(found: NotificationSetting) -> dict[str, Any]:
    """Return a person's setting as JSON."""
    values = {name: getattr(found, name) for name in OWN}
    return {
        name: value.strftime("%H:%M") if isinstance(value, time) else value
        for name, value in values.items()
    }


def show_unit(found: UnitNotification) -> dict[str, Any]:
    """Return a unit's setting as JSON."""
    return {name: getattr(found, name) for name in OF_UNIT}


def _on_the_wall(value: time) -> time:
    return value.replace(second=0, microsecond=0, tzinfo=None)
