"""One model on one page: sections are anchors, so that find-in-page and print work."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render

from dashboard import charts, words
from dashboard.pages import (
    estimates,
    model_due,
    model_history,
    model_news,
    model_record,
    model_rules,
    model_then,
    moment,
    record_rows,
)
from dashboard.pages.door import model_or_404, page
from dashboard.queries import history
from dashboard.queries import model as read
from dashboard.queries.frame import actor_of
from monitoring.models import Health
from registry import access, anew, assessment, clock, discovery
from registry.access import Right
from registry.models import ModelVersion, RegisteredModel, SourceModel
from registry.problems import Invalid

_HEALTH_DAYS = 90


@page
def model(request: HttpRequest, slug: str) -> HttpResponse:
    """Show everything that is known of the model."""
    found = model_or_404(request, slug)
    if found.slug != slug:
        query = request.GET.urlencode()
        return HttpResponsePermanentRedirect(f"/m/{found.slug}/{'?' if query else ''}{query}")
    try:
        if asked := moment.asked(request):
            return model_then.show(request, found, asked)
    except Invalid as error:
        return moment.wrong(request, error)
    now = clock.now()
    source = read.mlflow_side(found)
    versions = read.versions_of(source)
    aliases = source.aliases if source else {}
    champion = _under(versions, aliases.get("champion"))
    challenger = _under(versions, aliases.get("challenger"))
    checks = read.checks_of(found)
    specs = read.specs_of(checks)
    rights = access.rights(actor_of(request), found.unit)
    sources, alerts, health = read.source_of(found), read.open_alerts(found), _health(found, now)
    known = model_due.Known(found, source, champion, sources, checks, rights)
    waits = read.waits_of(checks)
    context = {
        "model": found,
        "record": record_rows.completeness(assessment.assess(found, at=now)),
        "identity": model_record.identity(found, source, now),
        "anew": _anew(found, source),
        "health": health,
        "due": model_due.due(known, health, waits, now, alerts=alerts),
        "strip": _strip(found, now),
        "alerts": [model_news.alert(alert, now) for alert in alerts],
        "past": [model_news.incident(incident) for incident in read.recent_incidents(found)],
        "windows": model_history.windows(found, checks, history.windows_of(checks)),
        "performance": model_history.performance(history.readings_by_window(checks)),
        "estimates": estimates.newest(found, specs.values()),
        "metrics": model_history.metrics(champion, specs) if champion else [],
        "versions": [model_record.version(version, aliases) for version in versions],
        "champion": champion,
        "challenger": challenger,
        "comparison": model_record.compare(champion, challenger),
        "policy": model_rules.policy(found),
        "decisions": [model_rules.decision(found, row) for row in read.decisions_of(found)],
        "jobs": [model_rules.job(row) for row in read.jobs_of(found)],
        "gate": _gate(challenger or champion),
        "controls": [model_rules.control(row) for row in read.controls_of(found)],
        "contract": model_rules.contract(read.contract_of(found)),
        "sources": [model_rules.source(row, now) for row in sources],
        "checks": [model_rules.check(row, specs.get(row.pk)) for row in checks],
        "events": [model_news.event(row) for row in read.events_of(found)],
        "activity": [model_news.audit(row) for row in read.audit_of(actor_of(request), found)[:15]],
        "may_act": Right.ACT_ON_INCIDENTS in rights,
        "may_edit": Right.EDIT_MODELS in rights,
        "may_watch": Right.EDIT_MONITORING in rights,
    }
    return render(request, "pages/model.html", context)


def _anew(found: RegisteredModel, source: SourceModel | None) -> dict[str, str] | None:
    """Return the model that took the name of the record's own in MLflow, to be confirmed."""
    if source is None or source.presence == SourceModel.Presence.PRESENT:
        return None
    row = anew.waiting(found)
    made = discovery.created_at(row) if row else None
    return {"made": words.moment(made), "at": made.isoformat()} if made else None


def _under(versions: list[ModelVersion], number: int | None) -> ModelVersion | None:
    return next((version for version in versions if version.number == number), None)


def _health(found: RegisteredModel, now: Any) -> dict[str, Any]:
    row = Health.objects.filter(model=found).first()
    if row is None:
        reasons = ["Nobody watches this model yet: give it a source and a check."]
        return {"mark": words.NO_DATA, "reasons": reasons, "since": "", "checked": "never"}
    stale = row.stale_at is not None and row.stale_at < now and row.state in ("ok", "watch")
    late = f"Nobody has looked since {words.moment(row.observed_at)}; that is too long."
    return {
        "mark": words.NO_DATA if stale else words.health(row.state),
        "reasons": [late, *row.reasons] if stale else row.reasons,
        "since": words.moment(row.since),
        "checked": words.age(row.observed_at, now),
    }


def _strip(found: RegisteredModel, now: Any) -> charts.Chart | None:
    earliest = now - timedelta(days=_HEALTH_DAYS)
    rows = history.health_spans(found, earliest)
    if not rows:
        return None
    start = max(rows[0].started_at, earliest)
    spans = [
        charts.Span(row.state, max(row.started_at, start), row.ended_at or now, row.reason)
        for row in rows
    ]
    return charts.strip("health", spans, start=start, end=now)


def _gate(version: ModelVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    lines = [model_rules.gate(row) for row in read.gate_of(version)]
    passed = sum(line["mark"].tone in ("ok", "paused") for line in lines)
    return {"version": version.number, "lines": lines, "passed": passed}
