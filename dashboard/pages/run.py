"""One run of a check: is the monitor sound, are the data as agreed, and only then the scores."""

from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import charts, words
from dashboard.pages import estimates, run_choices
from dashboard.pages.door import model_or_404, page
from dashboard.pages.fairness import fairness
from dashboard.pages.ladder import ladder
from dashboard.pages.scores import explanations, ranked, segments
from dashboard.queries import runs
from monitoring.models import Histogram, Run
from monitoring.states import Stage
from registry.models import RegisteredModel

DRAWN = 12


@page
def run(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the run as a ladder, the columns ranked, and the worst drawn."""
    model = model_or_404(request, slug)
    return show(request, model, runs.run_of(model, number))


def show(
    request: HttpRequest,
    model: RegisteredModel,
    found: Run,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page, with what was wrong in one of its forms."""
    readings = runs.readings_of(found)
    # Groups of people and estimates have blocks of their own: the first are no segments of a
    # drift, and the second no verdict.
    told = [reading for reading in readings if reading.stage != Stage.ESTIMATE]
    plain = [reading for reading in told if reading.stage != Stage.FAIRNESS]
    importance = _importance(found)
    scores = ranked(plain, runs.trends_of(found), importance)
    shown = list(dict.fromkeys(score["feature"] for score in scores))[:DRAWN]
    histograms = runs.histograms_of(found, shown)
    context = {
        "model": model,
        "run": _heading(found),
        "steps": ladder(found, told),
        "scores": scores,
        "weighted": bool(importance),
        "over": sum(score["crossed"] for score in scores),
        "drawn": [_drawn(histograms[name]) for name in shown if name in histograms],
        "explanations": explanations(found.summary),
        "segments": segments(plain),
        "fairness": fairness(found),
        "estimates": estimates.of_run(found),
        "alerts": [_alert(alert) for alert in runs.alerts_of(found)],
        "decision": runs.decision_after(found),
        "neighbors": runs.neighbors_of(found),
        "revisions": [_revision(other, model) for other in runs.revisions_of(found)],
        "facts": _facts(found),
        "acts": run_choices.choices(request, found, readings),
        "errors": errors or {},
        "given": request.POST,
    }
    return render(request, "pages/run.html", context, status=status)


def _importance(found: Run) -> dict[str, Any]:
    version = found.model_version
    document = version.documents.get("muster/importance.json") if version else None
    return document if isinstance(document, dict) else {}


def _heading(found: Run) -> dict[str, Any]:
    window = found.window
    return {
        "number": found.pk,
        "mark": words.run(found.state),
        "window": words.window(window.start, window.end),
        "check": window.check_ref.slug,
        "kind": window.check_ref.get_kind_display(),
        "reason": found.reason,
        "current": found.current,
        "revision": found.revision,
    }


def _drawn(histogram: Histogram) -> charts.Chart:
    bins, ticks = [str(label) for label in histogram.labels or []], []
    if histogram.edges:
        edges = [words.number(edge) for edge in histogram.edges]
        bins = [f"{low} to {high}" for low, high in pairwise(edges)]
        ticks = [f"≥ {low}" for low in edges[:-1]]
    return charts.overlay(
        *(f"h{histogram.pk}", histogram.feature, bins),
        *(histogram.reference, histogram.current),
        ticks=ticks,
    )


def _alert(alert: Any) -> dict[str, Any]:
    return {
        "mark": words.severity(alert.severity),
        "headline": alert.headline,
        "state": alert.get_state_display().lower(),
        "incident": alert.incident_id,
    }


def _revision(other: Run, model: RegisteredModel) -> dict[str, Any]:
    return {
        "href": f"/m/{model.slug}/runs/{other.pk}/",
        "mark": words.run(other.state),
        "name": f"revision {other.revision}",
        "current": other.current,
        "at": words.moment(other.finished_at),
    }


def _deleted(found: Run) -> list[tuple[str, str]]:
    if found.batch is None or found.batch.file_deleted_at is None:
        return []
    return [("Batch file", f"deleted {words.moment(found.batch.file_deleted_at)}")]


def _facts(found: Run) -> list[tuple[str, str]]:
    """Return what the run was made with: enough to make it again."""
    version, contract, check = found.model_version, found.contract_version, found.check_version
    facts = [
        ("Model version", f"v{version.number}" if version else words.DASH),
        ("Check version", str(check.number) if check else words.DASH),
        ("Contract version", str(contract.number) if contract else words.DASH),
        ("Reference digest", found.baseline.digest[:16] if found.baseline else words.DASH),
        ("Batch digest", found.batch.digest[:16] if found.batch else words.DASH),
        *_deleted(found),
        ("Started", words.moment(found.started_at)),
        ("Finished", words.moment(found.finished_at)),
        ("Attempts", str(found.attempts)),
    ]
    return facts + [(words.sentence(key), str(value)) for key, value in found.made_with.items()]
