"""Write the alerts that judgement opens, with all that their message will need."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from monitoring.alerts import cases, flapping, judgement, looks, owing, wording
from monitoring.alerts.condition_words import words_of
from monitoring.alerts.judgement import FAULTS, Opening
from monitoring.models import Alert, Check, Incident, Run
from monitoring.states import AlertState, RunState

KEPT_CROSSINGS = 10


def open_all(
    opens: Sequence[Opening],
    run: Run,
    check: Check,
    severities: Mapping[str, str],
    *,
    at: datetime,
) -> list[Alert]:
    """Open the alerts and owe their news; what one incident owes travels in one message."""
    opened = [_open(opening, run, check, severities, at=at) for opening in opens]
    for alert in opened:
        if alert is not None and alert.detail["muted_by"] is None:
            owing.owe_firing(alert, at=at)
    return [alert for alert in opened if alert is not None]


def _open(
    opening: Opening, run: Run, check: Check, severities: Mapping[str, str], *, at: datetime
) -> Alert | None:
    name, segment = opening.condition.name, opening.condition.segment
    severity = judgement.severity_of(name, severities)
    muting = _muting_alert(name, check)
    incident = _incident(name, run, check, muting, severity=severity, at=at)
    crossings = looks.crossings_of(run, segment)
    headline = wording.headline(
        words_of(name, kind=check.kind),
        crossings=crossings,
        bad=len(opening.windows),
        of=opening.when.of,
        reason=run.reason if name in FAULTS or not crossings else "",
    )
    alert, created = Alert.objects.get_or_create(
        # An episode is named by the run that opened it: one run applied twice opens it once.
        dedup_key=f"check-{check.pk}:{name}:run-{run.pk}:{sha256(segment.encode()).hexdigest()[:16]}",
        defaults={
            "model": check.model,
            "check_ref": check,
            "condition": name,
            "segment": segment,
            "severity": severity,
            "incident": incident,
            "headline": headline,
            "detail": _detail(opening, run, check, crossings, muting),
            "opened_by_run": run,
            "latest_run": run,
            "opened_at": at,
            "since": opening.since,
            "flapping": flapping.is_flapping(
                run.window.end,
                model_id=check.model_id,
                check_id=check.pk,
                condition=name,
                segment=segment,
            ),
        },
    )
    return alert if created else None


def _muting_alert(name: str, check: Check) -> Alert | None:
    if check.kind == Check.Kind.METRIC:
        return None  # whatever the feed does, MLflow's numbers stand
    is_open = (
        Alert.objects.filter(model=check.model_id)
        .exclude(state=AlertState.RESOLVED)
        .select_related("incident", "check_ref")
        .order_by("pk")
    )
    return muting(name, is_open)


def muting(name: str, is_open: Iterable[Alert]) -> Alert | None:
    """Return the open alert of the model that explains a condition.

    A metric comes from MLflow: that it did not come explains nothing about a batch.
    """
    of_the_feed = [alert for alert in is_open if not alert.of_metric]
    by = judgement.muter(name, open_names={alert.condition for alert in of_the_feed})
    return next((alert for alert in of_the_feed if alert.condition == by), None)


def _incident(
    name: str, run: Run, check: Check, muting: Alert | None, *, severity: str, at: datetime
) -> Incident:
    # What a broken feed explains belongs to the feed's case.
    if muting is not None:
        cases.worsen(muting.incident, severity, at=at)
        return muting.incident
    server = _server_at_fault(run, check)
    is_metric = check.kind == Check.Kind.METRIC
    # A metric comes from MLflow, whatever becomes of the feed.
    sources = [] if is_metric else list(check.model.sources.all())
    cause = judgement.cause_key(
        name,
        model_id=check.model_id,
        unit_id=check.model.unit_id,
        source_id=sources[0].pk if sources else None,
        server_id=server[0] if server else None,
        # Who must act on unequal treatment is not who retrains a model that has aged.
        topic=name if check.kind != Check.Kind.FAIRNESS else f"fairness {name}",
    )
    title = wording.incident_title(
        words_of(name, kind=check.kind),
        model=check.model.slug,
        server=server[1] if server else "",
    )
    return cases.join(cause, title=title, severity=severity, at=at)


def _server_at_fault(run: Run, check: Check) -> tuple[int, str] | None:
    """Return the MLflow server when it is why the run could not look."""
    server = check.model.mlflow_server
    if server is None or not server.fault:
        return None
    if run.state not in (RunState.NOT_EVALUATED, RunState.SOURCE_FAULT):
        return None
    needs_server = check.kind == Check.Kind.METRIC or (
        run.state == RunState.NOT_EVALUATED and run.baseline_id is None
    )
    return (server.pk, server.slug) if needs_server else None


def _detail(
    opening: Opening,
    run: Run,
    check: Check,
    crossings: Sequence[wording.Crossing],
    muting: Alert | None,
) -> dict[str, Any]:
    return {
        "crossings": [crossing.as_json() for crossing in crossings[:KEPT_CROSSINGS]],
        "crossings_total": len(crossings),
        "bad": len(opening.windows),
        "of": opening.when.of,
        "needed": opening.when.bad,
        "good": opening.when.good,
        "windows": [start.isoformat() for start in opening.windows],
        "window": [run.window.start.isoformat(), run.window.end.isoformat()],
        "reason": run.reason,
        "rows": run.rows,
        "check": check.slug,
        "check_version": run.check_version.number if run.check_version else None,
        "muted_by": muting.pk if muting else None,
    }
