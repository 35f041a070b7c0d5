"""Gather what the stages must know about a channel and the news that is due for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce

from monitoring.alerts import stages
from monitoring.alerts.message import zone_of
from monitoring.alerts.stages import Facts, Hush, Reader, Waits
from monitoring.models import (
    Channel,
    Delivery,
    Message,
    NotificationSetting,
    Silence,
    UnitNotification,
)
from monitoring.states import DeliveryState, IncidentState, News, Route, Severity
from registry.models import BusinessUnit

_ALARMS = (News.FIRING, News.ESCALATED)


@dataclass
class Surroundings:
    """What holds for all news to one channel at one moment."""

    reader: Reader
    waits: Waits
    interrupted: list[datetime] = field(default_factory=list)
    units: dict[int, UnitNotification] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    told: dict[int, tuple[datetime | None, bool]] = field(default_factory=dict)  # by incident

    def facts(self, news: Delivery) -> Facts:
        """Return the facts about one piece of news."""
        alert, incident = news.alert, news.alert.incident
        last, critical = self.told.get(incident.pk, (None, False))
        unit = self.units[alert.model.unit_id]
        return Facts(
            kind=news.kind,
            severity=alert.severity,
            tier=alert.model.tier,
            owed_at=news.owed_at,
            flapping=alert.flapping,
            shared=incident.cause.startswith("mlflow:"),
            digest=news.route == Route.DIGEST,
            hushes=tuple(_hush(one) for one in self.silences if covers(one, news)),
            snoozed_until=incident.snoozed_until,
            last_told_at=last,
            critical_told=critical,
            ends_case=news.kind == News.RESOLVED and incident.state == IncidentState.CLOSED,
            quiet_hours=bool(unit.quiet_hours),
            budgets=bool(unit.budgets),
        )


def gather(channel: Channel, news: Sequence[Delivery], *, at: datetime) -> Surroundings:
    """Read what the stages must know, in a few statements however much news there is."""
    incidents = {one.alert.incident_id for one in news}
    units = {one.alert.model.unit_id: one.alert.model.unit for one in news}
    recent = Message.objects.filter(
        channel=channel, interrupts=True, made_at__gt=at - stages.WEEK
    ).exclude(state=DeliveryState.DEAD)
    active = Silence.objects.filter(unit__in=units, starts_at__lte=at, ends_at__gt=at)
    return Surroundings(
        reader=reader_of(channel),
        waits=Waits(
            first=timedelta(seconds=settings.MUSTER_GROUP_WAIT_SECONDS),
            next=timedelta(seconds=settings.MUSTER_GROUP_INTERVAL_SECONDS),
        ),
        interrupted=list(recent.values_list("made_at", flat=True)),
        units=limits_of(units.values()),
        silences=list(active.select_related("made_by")),
        told=_told(channel, incidents),
    )


def reader_of(channel: Channel) -> Reader:
    """Return how the person of a mailbox wants to be told; a unit's channel has no night."""
    person = channel.person
    if person is None:
        return Reader(person=False)
    own = NotificationSetting.objects.filter(person=person).first() or NotificationSetting()
    return Reader(
        zone=zone_of(person.time_zone),
        zone_name=person.time_zone,
        quiet_from=own.quiet_from,
        quiet_until=own.quiet_until,
        quiet_weekends=own.quiet_weekends,
        digest_at=own.digest_at,
        interruptions=own.interruptions,
        watch_in_digest=own.watch_in_digest,
    )


def limits_of(units: Iterable[BusinessUnit]) -> dict[int, UnitNotification]:
    """Return which limits hold for units; who has not chosen has what the settings say."""
    wanted = list(units)
    found = {row.unit_id: row for row in UnitNotification.objects.filter(unit__in=wanted)}
    limits = settings.MUSTER_NOISE_LIMITS
    for unit in wanted:
        row = found.setdefault(unit.pk, UnitNotification(unit=unit))
        row.quiet_hours = limits if row.quiet_hours is None else row.quiet_hours
        row.budgets = limits if row.budgets is None else row.budgets
    return found


def covers(silence: Silence, news: Delivery) -> bool:
    """Say whether a silence is about the alert of some news."""
    alert = news.alert
    if silence.check_ref_id is not None:
        return silence.check_ref_id == alert.check_ref_id
    if silence.model_id is not None:
        return silence.model_id == alert.model_id
    return silence.unit_id == alert.model.unit_id


def _hush(silence: Silence) -> Hush:
    return Hush(
        until=silence.ends_at,
        agreed=silence.agreed_by_id is not None,
        why=f"silence of {silence.made_by.name}, {silence.reason}"[:160],
    )


def _told(channel: Channel, incidents: set[int]) -> dict[int, tuple[datetime | None, bool]]:
    rows = (
        Delivery.objects.filter(
            channel=channel, alert__incident__in=incidents, message__isnull=False
        )
        .exclude(state=DeliveryState.DEAD)
        .values("alert__incident")
        .annotate(
            last=Max(Coalesce("message__sent_at", "message__made_at")),
            critical=Count("pk", filter=Q(alert__severity=Severity.CRITICAL, kind__in=_ALARMS)),
        )
    )
    return {row["alert__incident"]: (row["last"], bool(row["critical"])) for row in rows}
