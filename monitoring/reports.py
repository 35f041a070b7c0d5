"""Owe the reports that are due: each owner's week on Mondays, each unit's month on its first day.

When a report is due stands in a row. It is written and the next one set in one transaction, so that
whoever dies in between sends neither none nor two; after an outage one report covers the gap.
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from monitoring.alerts import recipients, reports
from monitoring.alerts.reports import ModelSpan, Span
from monitoring.leases import Stint
from monitoring.models import (
    Health,
    HealthSpan,
    Incident,
    Message,
    NotificationSetting,
    UnitNotification,
)
from monitoring.queries import rules
from monitoring.states import HealthState, IncidentState
from registry import actors
from registry.models import BusinessUnit, Person, RegisteredModel
from registry.models.models import Lifecycle

logger = logging.getLogger(__name__)
_WEEK = timedelta(days=7)
_MONTHLY_AT = time(8, 30)


def report_due(*, at: datetime, seconds: float) -> int:
    """Owe the reports that are due for at most `seconds`; return how many were written."""
    stint = Stint(at=at, seconds=seconds)
    _expect_reports(at=at)
    weekly = NotificationSetting.objects.filter(weekly_report=True, weekly_report_at__lte=at)
    monthly = UnitNotification.objects.filter(monthly_report=True, monthly_report_at__lte=at)
    done = 0
    for pk in list(weekly.order_by("weekly_report_at").values_list("pk", flat=True)):
        done += 0 if stint.over else _week(pk, at=at)
    for pk in list(monthly.order_by("monthly_report_at").values_list("pk", flat=True)):
        done += 0 if stint.over else _month(pk, at=at)
    return done


def _expect_reports(*, at: datetime) -> None:
    """Give whoever answers for a model, and every unit, the row that says when one is due."""
    answers = RegisteredModel.objects.filter(Q(owner=OuterRef("pk")) | Q(deputy=OuterRef("pk")))
    new = Person.objects.filter(Exists(answers), notification_setting=None, is_active=True)
    NotificationSetting.objects.bulk_create(
        [NotificationSetting(person=person) for person in new], ignore_conflicts=True
    )
    units = BusinessUnit.objects.filter(notification=None)
    UnitNotification.objects.bulk_create(
        [UnitNotification(unit=unit) for unit in units], ignore_conflicts=True
    )
    for row in NotificationSetting.objects.filter(
        weekly_report=True, weekly_report_at=None
    ).select_related("person"):
        due = reports.next_week(at, wall=row.digest_at, zone=_zone(row.person))
        NotificationSetting.objects.filter(pk=row.pk).update(weekly_report_at=due)
    UnitNotification.objects.filter(monthly_report=True, monthly_report_at=None).update(
        monthly_report_at=reports.next_month(at, wall=_MONTHLY_AT)
    )


@transaction.atomic
def _week(pk: int, *, at: datetime) -> int:
    row = (
        NotificationSetting.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .filter(pk=pk, weekly_report=True, weekly_report_at__lte=at)
        .first()
    )
    if row is None or row.weekly_report_at is None:
        return 0  # another worker has it, or has done it
    person, start = row.person, row.weekly_report_at - _WEEK
    row.weekly_report_at = reports.next_week(at, wall=row.digest_at, zone=_zone(person))
    row.save(update_fields=["weekly_report_at"])
    models = _living().filter(Q(owner=person) | Q(deputy=person))
    if not person.is_active or not models.exists():
        return 0
    why = "You get this each Monday because you answer for these models."
    span = _span(
        models, name="your week", start=start, end=at, readers=[person], why=f"{why} {_change()}"
    )
    _owe(person, span, about="week", at=at)
    return 1


@transaction.atomic
def _month(pk: int, *, at: datetime) -> int:
    row = (
        UnitNotification.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("unit")
        .filter(pk=pk, monthly_report=True, monthly_report_at__lte=at)
        .first()
    )
    if row is None or row.monthly_report_at is None:
        return 0
    unit, start = row.unit, reports.month_before(row.monthly_report_at)
    row.monthly_report_at = reports.next_month(at, wall=_MONTHLY_AT)
    row.save(update_fields=["monthly_report_at"])
    models = _living().filter(unit=unit)
    heads = recipients.unit_admins_of(unit)
    if not heads or not models.exists():
        return 0
    people = Person.objects.filter(memberships__unit=unit).distinct()
    why = f"You get this each month as an admin of {unit.name}. Units choose it in their settings."
    span = _span(
        models,
        name=f"the month of {unit.name}",
        start=start,
        end=reports.month_of(at),
        readers=people,
        why=why,
    )
    for head in heads:
        _owe(head, span, about=f"month-{unit.slug}", at=at)
    return len(heads)


def _owe(person: Person, span: Span, *, about: str, at: datetime) -> None:
    channel = recipients.mailbox(person)
    Message.objects.get_or_create(
        # Named by what it covers: the same report can never be owed twice.
        key=f"report-{channel.pk}-{about}-{span.start:%Y%m%dT%H%M}",
        defaults={
            "channel": channel,
            "kind": Message.Kind.REPORT,
            "interrupts": False,
            "content": {
                "event": "report",
                "facts": [],
                "letter": asdict(reports.compose(span)),
                "unsubscribe": about == "week",  # a unit's report is its settings' matter
            },
            "made_at": at,
            "due_at": at,
        },
    )


def _span(
    models: QuerySet[RegisteredModel],
    *,
    name: str,
    start: datetime,
    end: datetime,
    readers: Iterable[Person],
    why: str,
) -> Span:
    mine = Incident.objects.filter(alerts__model__in=models).distinct()
    sent = Message.objects.filter(
        channel__person__in=list(readers), interrupts=True, sent_at__gte=start, sent_at__lt=end
    )
    return Span(
        name=name,
        start=start,
        end=end,
        models=_models(models, start, end),
        cases_opened=mine.filter(opened_at__gte=start, opened_at__lt=end).count(),
        cases_closed=mine.filter(closed_at__gte=start, closed_at__lt=end).count(),
        cases_open=mine.exclude(state=IncidentState.CLOSED).count(),
        messages=sent.count(),
        flagged_rules=_flagged(models, at=end),
        url=f"{settings.MUSTER_PUBLIC_URL}/fleet/",
        why=why,
    )


def _models(models: QuerySet[RegisteredModel], start: datetime, end: datetime) -> list[ModelSpan]:
    opened = Q(alerts__opened_at__gte=start, alerts__opened_at__lt=end)
    resolved = Q(alerts__resolved_at__gte=start, alerts__resolved_at__lt=end)
    counted = models.order_by("slug").annotate(
        opened=Count("alerts", filter=opened, distinct=True),
        resolved=Count("alerts", filter=resolved, distinct=True),
    )
    touching = HealthSpan.objects.filter(model__in=models, started_at__lt=end)
    spans: dict[int, list[HealthSpan]] = {}
    for one in touching.filter(Q(ended_at=None) | Q(ended_at__gt=start)):
        spans.setdefault(one.model_id, []).append(one)
    known = {one.model_id: one for one in Health.objects.filter(model__in=models)}
    whole = max((end - start).total_seconds(), 1.0)
    found = []
    for model in counted:
        health, mine = known.get(model.pk), spans.get(model.pk, [])
        blind = sum(
            (min(one.ended_at or end, end) - max(one.started_at, start)).total_seconds()
            for one in mine
            if one.state == HealthState.UNKNOWN
        )
        found.append(
            ModelSpan(
                slug=model.slug,
                name=model.name,
                state=health.state if health else HealthState.UNKNOWN,
                reason=(health.reasons or [""])[0] if health else "Nothing watches this model.",
                opened=model.opened,
                resolved=model.resolved,
                changes=sum(one.started_at >= start for one in mine),
                unknown_share=blind / whole if health else 1.0,
            )
        )
    return found


def _flagged(models: QuerySet[RegisteredModel], *, at: datetime) -> tuple[str, ...]:
    rows = rules.rules(actors.system("reports"), at=at).filter(model__in=models)
    found = [rules.rule(row) for row in rows]
    return tuple(
        f"{one.condition} by check {one.check} of {one.model}: right in {one.useful} of"
        f" {one.closes} cases."
        for one in found
        if one.flagged
    )


def _living() -> QuerySet[RegisteredModel]:
    return RegisteredModel.objects.exclude(lifecycle=Lifecycle.DECOMMISSIONED)


def _zone(person: Person) -> ZoneInfo:
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _change() -> str:
    return f"Change: {settings.MUSTER_PUBLIC_URL}/account/notifications/"
