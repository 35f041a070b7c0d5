"""Gather what a message about an alert tells, as it is when the message is sent."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

from monitoring.alerts import recipients, waiting
from monitoring.alerts.digests import Line
from monitoring.alerts.message import RunFacts, Story
from monitoring.alerts.owing import FIRING, RESOLVED
from monitoring.alerts.wording import Crossing, day
from monitoring.models import Alert, Channel, Check, Delivery, Incident, Run
from monitoring.states import AlertState, CloseVerdict, IncidentState, News
from registry import queries


def tell(delivery: Delivery) -> Story:
    """Return the story for one delivery: about its alert, for the reader at its channel."""
    alert, channel = delivery.alert, delivery.channel
    model, incident = alert.model, alert.incident
    champion = queries.champion(model)
    detail = alert.detail
    zone = channel.person.time_zone if channel.person else "UTC"
    return Story(
        alert=alert.pk,
        kind=delivery.kind,
        condition=alert.condition,
        severity=alert.severity,
        headline=alert.headline,
        model=model.slug,
        model_name=model.name,
        version=champion.number if champion else None,
        unit=model.unit.name,
        tier=model.tier,
        purpose=model.purpose,
        check=alert.check_slug,
        check_kind=alert.check_ref.get_kind_display().lower() if alert.check_ref else "",
        found_by=alert.check_kind,
        check_version=detail.get("check_version"),
        segment=alert.segment,
        since=alert.since,
        opened_at=alert.opened_at,
        resolved_at=alert.resolved_at,
        resolved_by=incident.closed_by.name if incident.closed_by else "",
        root_cause=_root_cause(incident),
        incident=f"INC-{incident.pk}",
        incident_url=incident_url(incident.pk),
        model_url=f"{settings.MUSTER_PUBLIC_URL}/m/{model.slug}/",
        run=_run_facts(alert.opened_by_run, alert.check_ref),
        crossings=tuple(Crossing(**found) for found in detail.get("crossings", [])),
        crossings_total=detail.get("crossings_total", 0),
        bad=detail.get("bad", 1),
        of=detail.get("of", 1),
        good=detail.get("good", 1),
        also=_others(alert, opened_at=alert.opened_at),
        still_open=_others(alert),
        similar=_similar(alert),
        notes=tuple(alert.notes.order_by("at", "pk").values_list("text", flat=True)),
        told=_told(alert, channel),
        role=role(alert, channel, kind=delivery.kind),
        escalates=waiting.next_words(alert, time_zone=zone) if not alert.resolved_at else "",
        flapping=alert.flapping,
        time_zone=zone,
    )


def facts(alert: Alert, *, kinds: Sequence[str] = (), brief: bool = False) -> dict[str, Any]:
    """Return what machines are told about an alert: ids, states and numbers, all JSON.

    `brief` leaves the crossings out: a message about hundreds of alerts is read by number.
    """
    detail, model = alert.detail, alert.model
    crossings = [] if brief else [Crossing(**found) for found in detail.get("crossings", [])]
    return {
        "alert": str(alert.pk),
        "news": list(kinds),
        "incident": str(alert.incident_id),
        "incident_state": str(alert.incident.state),
        "incident_title": alert.incident.title,
        "incident_opened_at": alert.incident.opened_at.isoformat(),
        "model": model.slug,
        "model_uuid": str(model.uuid),
        "business_unit": model.unit.slug,
        "tier": model.tier,
        "severity": alert.severity,
        "condition": alert.condition,
        "segment": alert.segment,
        "headline": alert.headline,
        "flapping": alert.flapping,
        "check": alert.check_slug,
        "check_version": detail.get("check_version"),
        "bad_windows": detail.get("bad", 1),
        "of_windows": detail.get("of", 1),
        "since": alert.since.isoformat(),
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "crossings": [found.as_json() for found in crossings],
        "incident_url": incident_url(alert.incident_id),
        "model_url": f"{settings.MUSTER_PUBLIC_URL}/m/{model.slug}/",
    }


def line(alert: Alert, *, kinds: Sequence[str], held: str = "") -> Line:
    """Return the alert as a letter about many tells it."""
    model = alert.model
    return Line(
        alert=alert.pk,
        incident=alert.incident_id,
        incident_title=alert.incident.title,
        incident_url=incident_url(alert.incident_id),
        model=model.slug,
        unit=model.unit.name,
        tier=model.tier,
        severity=alert.severity,
        condition=alert.condition,
        headline=alert.headline,
        opened_at=alert.opened_at,
        kinds=tuple(kinds),
        found_by=alert.check_kind,
        segment=alert.segment,
        # That it is over is told by a message that carries that news.
        resolved_at=alert.resolved_at if RESOLVED in kinds else None,
        held=held,
        flapping=alert.flapping,
        acknowledged_by=alert.acknowledged_by.name if alert.acknowledged_by else "",
    )


def incident_url(number: int) -> str:
    """Return the address of an incident's page."""
    return f"{settings.MUSTER_PUBLIC_URL}/incidents/{number}/"


def _run_facts(run: Run | None, check: Check | None) -> RunFacts:
    if run is None or check is None:
        return RunFacts(state="")
    return RunFacts(
        state=run.state,
        reason=run.reason,
        window_start=run.window.start,
        window_end=run.window.end,
        due_at=run.window.due_at,
        finished_at=run.finished_at,
        rows=run.rows,
        completeness=run.completeness,
        violations=_texts(run.summary.get("violations", [])),
        # A performance check repeats its scores there; they are told as what crossed already.
        notes=_texts(run.summary.get("notes", []) if check.kind == Check.Kind.DATA else []),
    )


def _texts(items: Iterable[Any]) -> tuple[str, ...]:
    """Return sentences without their full stop, however the run's summary holds them."""
    found = (
        item.get("text") or item.get("detail") if isinstance(item, dict) else item for item in items
    )
    return tuple(str(text).rstrip(".") for text in found if text)


def _others(alert: Alert, **wanted: Any) -> tuple[str, ...]:
    others = (
        Alert.objects.filter(incident=alert.incident_id, **wanted)
        .exclude(pk=alert.pk)
        .exclude(state=AlertState.RESOLVED)
        .filter(model__unit=alert.model.unit_id)
        .select_related("model")
        .order_by("pk")[:10]
    )
    return tuple(
        other.headline
        if other.model_id == alert.model_id
        else f"{other.model.slug}: {other.headline}"
        for other in others
    )


def _root_cause(incident: Incident) -> str:
    if incident.closed_by is None:
        return ""
    verdict = CloseVerdict(incident.verdict).label if incident.verdict else "closed"
    return f"{verdict}: {incident.root_cause}" if incident.root_cause else verdict


def _similar(alert: Alert) -> tuple[str, ...]:
    """Name the latest case of the same cause that a person has closed."""
    earlier = (
        Incident.objects.filter(cause=alert.incident.cause, state=IncidentState.CLOSED)
        .exclude(verdict=CloseVerdict.RECOVERED)
        .exclude(pk=alert.incident_id)
        .order_by("-closed_at")
        .first()
    )
    if earlier is None or earlier.closed_at is None:
        return ()
    verdict = CloseVerdict(earlier.verdict).label.lower()
    cause = f": {earlier.root_cause}" if earlier.root_cause else ""
    return (
        f"INC-{earlier.pk} was like this; closed {day(earlier.closed_at)} as {verdict}{cause}.",
    )


def _told(alert: Alert, channel: Channel) -> tuple[str, ...]:
    rows = (
        Delivery.objects.filter(alert=alert, kind__in=[FIRING, News.ESCALATED])
        .exclude(channel=channel)
        .select_related("channel__person")
        .order_by("pk")
    )
    names = (
        row.channel.person.name
        if row.channel.person
        else f"{row.channel.get_kind_display().lower()} {row.channel.slug}"
        for row in rows
    )
    return tuple(dict.fromkeys(names))


def role(alert: Alert, channel: Channel, *, kind: str = FIRING) -> str:
    """Say why a channel is told about an alert."""
    model, person = alert.model, channel.person
    if person is None:
        return f"a channel of {model.unit.name}"
    if person == model.owner:
        return "owner"
    if person == recipients.pipeline_owner(alert):
        return "whoever looks after the pipeline"
    passed_on = ", because nobody has acknowledged it" if kind == News.ESCALATED else ""
    if person == model.deputy:
        return f"deputy{passed_on}"
    if passed_on:
        return f"administrator{passed_on}"
    if person == alert.incident.assigned_to:
        return "the one the incident was given to"
    return f"administrator, because {model.owner.name}'s account or mailbox does not answer"
