"""Turn a verdict into alerts that open, go on and resolve, in the transaction of the verdict.

Steps of `apply`: (1) stop when a later window has a verdict: old news moves nothing; (2) lock
the model's alerting, its incidents, its alerts; (3) judge, purely; (4) resolve; (5) open, each
alert in the incident of its cause, muted when a broken feed explains it; (6) tell what was muted
and still holds; (7) close the incidents that have no open alert left.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from monitoring.alerts import cases, judgement, looks, openings, owing
from monitoring.models import Alert, Check, Run
from monitoring.states import AlertState

_LOCK_CLASS = 7233803  # our own number for the advisory lock "alerting of one model"


@dataclass
class Outcome:
    """What a verdict led to."""

    opened: list[Alert] = field(default_factory=list)
    resolved: list[Alert] = field(default_factory=list)


def apply(run: Run, *, at: datetime) -> Outcome:
    """Open and resolve the alerts that follow from the run's verdict; safe to do twice."""
    with transaction.atomic():
        check = (
            Check.objects.select_related(
                "model__unit", "model__owner", "model__deputy", "model__mlflow_server"
            )
            .prefetch_related("model__sources")
            .get(pk=run.window.check_ref_id)
        )
        lock_model(check.model_id)
        if not looks.is_news(run, check):
            return Outcome()
        return _apply(run, check, at=at)


def lock_model(model_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, model_id])


def _apply(run: Run, check: Check, *, at: datetime) -> Outcome:
    is_open = Alert.objects.filter(model=check.model_id).exclude(state=AlertState.RESOLVED)
    touched = set(is_open.values_list("incident_id", flat=True))
    cases.lock(touched)
    mine = looks.open_alerts(check)
    when, severities, _ = looks.rule_of(run)
    history = looks.looks_until(run, check)
    verdict = judgement.judge(
        history,
        open_since={condition: looks.opened_at(alert) for condition, alert in mine.items()},
        ended=looks.endings(check),
        when=when,
    )
    outcome = Outcome()
    for condition in verdict.resolves:
        outcome.resolved.append(_resolve(mine[condition], run, at=at))
    for alert in openings.open_all(verdict.opens, run, check, severities, at=at):
        outcome.opened.append(alert)
        touched.add(alert.incident_id)
    _go_on([mine[condition] for condition in verdict.goes_on], run)
    _tell_unmuted(check, outcome.resolved, at=at)
    cases.settle(touched, at=at)
    return outcome


def _resolve(alert: Alert, run: Run, *, at: datetime) -> Alert:
    alert.state, alert.resolved_at, alert.latest_run = AlertState.RESOLVED, at, run
    alert.save(update_fields=["state", "resolved_at", "latest_run"])
    owing.owe_resolved(alert, at=at)
    return alert


def _go_on(alerts: list[Alert], run: Run) -> None:
    for alert in alerts:
        found = looks.crossings_of(run, alert.segment)
        alert.detail = {
            **alert.detail,
            "latest": [crossing.as_json() for crossing in found[: openings.KEPT_CROSSINGS]],
            "latest_reason": run.reason,
        }
        alert.latest_run = run
        alert.save(update_fields=["latest_run", "detail"])


def _tell_unmuted(check: Check, resolved: list[Alert], *, at: datetime) -> None:
    """Tell what a resolved alert had muted, unless another open one explains it still."""
    if not resolved:
        return
    still = Alert.objects.filter(model=check.model_id).exclude(state=AlertState.RESOLVED)
    still_open = list(
        still.select_related("incident", "check_ref", "model__owner", "model__deputy").order_by(
            "pk"
        )
    )
    gone = {alert.pk for alert in resolved}
    for alert in still_open:
        if alert.detail.get("muted_by") not in gone:
            continue
        other = openings.muting(alert.condition, still_open)
        alert.detail = {**alert.detail, "muted_by": other.pk if other else None}
        alert.save(update_fields=["detail"])
        if other is None:
            owing.owe_firing(alert, at=at)
