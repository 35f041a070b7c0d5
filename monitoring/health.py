"""Keep each model's health: recomputed with every verdict, and when silence lasts too long."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from monitoring.alerts import vitals
from monitoring.alerts.vitals import CheckFacts, OpenAlert, Vitals
from monitoring.models import Alert, Check, CheckVersion, Health, HealthSpan, Run, Window
from monitoring.states import OPEN_STATES, VERDICTS, AlertState
from registry.models import RegisteredModel
from registry.models.models import Lifecycle

# What a worker may need between a window's due time and its verdict before it counts as late.
SLACK = timedelta(hours=1)


def recompute(model: RegisteredModel, *, at: datetime) -> Health:
    """Write the model's health as its newest verdicts and open alerts say."""
    with transaction.atomic():
        Health.objects.bulk_create(
            [Health(model_id=model.pk, state="unknown", reasons=[], since=at)],
            ignore_conflicts=True,
        )
        health = Health.objects.select_for_update(no_key=True).get(model=model)
        # Read after the lock: of two who recompute, the later one sees what both committed.
        found = vitals.assess(_checks(model, at=at), _alerts(model), at=at)
        _keep(health, found, at=at)
    return health


def mark_stale(*, at: datetime, seconds: float) -> int:
    """Recompute the models that have been silent too long, or never had a word of health."""
    deadline = time.monotonic() + seconds
    unwritten = Q(health=None) & Exists(Check.objects.filter(model=OuterRef("pk")))
    # Nothing is planned any more for a decommissioned model, so its silence is no fault.
    due = RegisteredModel.objects.filter(unwritten | Q(health__stale_at__lte=at)).exclude(
        lifecycle=Lifecycle.DECOMMISSIONED
    )
    done = 0
    for model in due.order_by(F("health__stale_at").asc(nulls_first=True), "pk")[:500]:
        if time.monotonic() > deadline:
            break
        recompute(model, at=at)
        done += 1
    return done


def _keep(health: Health, found: Vitals, *, at: datetime) -> None:
    span = HealthSpan.objects.filter(model_id=health.model_id, ended_at=None).first()
    reasons = list(found.reasons)
    if span is None or span.state != found.state:
        if span is not None:
            HealthSpan.objects.filter(pk=span.pk).update(ended_at=at)
        HealthSpan.objects.create(
            model_id=health.model_id, state=found.state, reason=reasons[0], started_at=at
        )
        health.since = at
    health.state, health.reasons = found.state, reasons
    health.observed_at, health.stale_at = found.observed_at, found.stale_at
    health.save(update_fields=["state", "reasons", "since", "observed_at", "stale_at"])


def _alerts(model: RegisteredModel) -> list[OpenAlert]:
    rows = (
        Alert.objects.filter(model=model)
        .exclude(state=AlertState.RESOLVED)
        .select_related("check_ref", "acknowledged_by")
        .order_by("-severity", "since", "pk")
    )
    return [
        OpenAlert(
            check=alert.check_slug,
            headline=alert.headline,
            severity=alert.severity,
            since=alert.since,
            condition=alert.condition,
            acknowledged_by=alert.acknowledged_by.name if alert.acknowledged_by else "",
        )
        for alert in rows
    ]


def _checks(model: RegisteredModel, *, at: datetime) -> list[CheckFacts]:
    checks = Check.objects.filter(model=model).order_by("slug").prefetch_related("versions")
    return [_facts(check, at=at) for check in checks]


def _facts(check: Check, *, at: datetime) -> CheckFacts:
    newest = (
        Run.objects.filter(window__check_ref=check, current=True, state__in=VERDICTS)
        .select_related("window")
        .order_by("-window__start")
        .first()
    )
    first_due = _first_due(check) if newest is None else None
    return CheckFacts(
        slug=check.slug,
        kind=check.kind,
        paused=check.paused,
        # Before its first window is due, a check that has said nothing is not silent.
        awaited=first_due is not None and first_due <= at,
        waiting_for=_waiting_for(check) if newest is None else "",
        state=newest.state if newest else "",
        reason=newest.reason.rstrip(".") if newest else "",
        window_start=newest.window.start if newest else None,
        verdict_at=newest.finished_at if newest else None,
        overdue_at=_overdue_at(check, newest, first_due),
    )


def _overdue_at(check: Check, newest: Run | None, first_due: datetime | None) -> datetime | None:
    """Return when the next verdict is overdue: its window's due time, and slack to work in."""
    if newest is not None:
        period = timedelta(days=float(_newest_spec(check.versions.all()).get("every_days", 7)))
        return newest.window.due_at + period + SLACK
    # A check made today for windows of last year is not late before it had a chance to look.
    return max(first_due, check.created_at) + SLACK if first_due else None


def _first_due(check: Check) -> datetime:
    """Return when the first window is due: after its end, the grace, and the labels' delay."""
    first = Window.objects.filter(check_ref=check).order_by("start").first()
    if first is not None:
        return first.due_at
    spec = _newest_spec(check.versions.all())
    period = timedelta(days=float(spec.get("every_days", 7)))
    grace = timedelta(hours=float(spec.get("grace_hours", 24)))
    delay = timedelta(days=float(spec.get("label_delay_days", 0)))
    return check.next_window_start + period + grace + delay


def _waiting_for(check: Check) -> str:
    """Return what the check's runs say they wait for; nothing when they only wait their turn."""
    runs = Run.objects.filter(
        window__check_ref=check,
        current=True,
        state__in=OPEN_STATES,
        summary__has_key="waiting_for",
    )
    oldest = runs.order_by("window__start").values_list("summary", flat=True).first()
    return str(oldest["waiting_for"]) if oldest else ""


def _newest_spec(versions: Iterable[CheckVersion]) -> dict[str, Any]:
    newest = max(versions, key=lambda version: version.number, default=None)
    return dict(newest.spec) if newest else {}
