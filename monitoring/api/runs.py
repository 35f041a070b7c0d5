"""Runs: what was judged, when, with what, and all its numbers."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rest_framework.response import Response

from monitoring.models import Histogram, Reading, Run
from monitoring.queries.groups import shown_groups
from monitoring.queries.runs import find_run, runs_of
from monitoring.states import RunState
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid


class RunOut(BaseModel):
    """A run as lists show it."""

    id: int
    check: str
    kind: str
    window_start: datetime
    window_end: datetime
    revision: int
    current: bool
    state: str
    reason: str
    rows: int | None
    completeness: float | None
    finished_at: datetime | None


class ReadingOut(BaseModel):
    """One score with its method, limit and sample sizes."""

    feature: str
    segment: str
    stage: str
    method: str
    method_version: str
    value: float | None
    p_value: float | None
    adjusted_p: float | None
    effect: float | None
    weight: float | None
    n_reference: int | None
    n_current: int | None
    limit: float | None
    direction: str
    crossed: bool
    note: str


class HistogramOut(BaseModel):
    """Counts of both sides over the same bins."""

    feature: str
    segment: str
    edges: list[float] | None
    labels: list[str] | None
    reference: list[int]
    current: list[int]
    summary: dict[str, Any]


class GroupOut(BaseModel):
    """Counts of one group of a fairness run; those of small groups are suppressed."""

    attribute: str
    group: str
    suppressed: bool
    n: int | None
    selected: int | None
    selection_rate: float | None
    tp: int | None
    fp: int | None
    fn: int | None
    tn: int | None


class RunDetailOut(RunOut):
    """A run with all its numbers and what it was judged with."""

    model: str
    attempts: int
    started_at: datetime | None
    summary: dict[str, Any]
    made_with: dict[str, Any]
    check_version: int | None
    contract_version: int | None
    baseline_digest: str | None
    batch_digest: str | None
    label_digests: list[str]
    readings: list[ReadingOut]
    histograms: list[HistogramOut]
    groups: list[GroupOut]


def _run(run: Run) -> dict[str, Any]:
    window = run.window
    return {
        "id": run.pk,
        "check": window.check_ref.slug,
        "kind": window.check_ref.kind,
        "window_start": window.start,
        "window_end": window.end,
        "revision": run.revision,
        "current": run.current,
        "state": run.state,
        "reason": run.reason,
        "rows": run.rows,
        "completeness": run.completeness,
        "finished_at": run.finished_at,
    }


def _reading(reading: Reading) -> ReadingOut:
    return ReadingOut(**{name: getattr(reading, name) for name in ReadingOut.model_fields})


def _histogram(histogram: Histogram) -> HistogramOut:
    return HistogramOut(**{name: getattr(histogram, name) for name in HistogramOut.model_fields})


def _detail(run: Run) -> RunDetailOut:
    readings = run.readings.order_by("-crossed", "segment", "feature", "method")
    return RunDetailOut(
        **_run(run),
        model=run.window.check_ref.model.slug,
        attempts=run.attempts,
        started_at=run.started_at,
        summary=run.summary,
        made_with=run.made_with,
        check_version=run.check_version.number if run.check_version else None,
        contract_version=run.contract_version.number if run.contract_version else None,
        baseline_digest=run.baseline.digest if run.baseline else None,
        batch_digest=run.batch.digest if run.batch else None,
        label_digests=run.label_digests,
        readings=[_reading(one) for one in readings],
        histograms=[_histogram(one) for one in run.histograms.order_by("segment", "feature")],
        groups=[GroupOut(**vars(one)) for one in shown_groups(run)],
    )


class RunList(ResourceView):
    """The runs of a model."""

    @documented(
        "List the runs of a model",
        answer=RunOut,
        listed=True,
        filters={"check": "only this check", "state": "only these states, separated by commas"},
    )
    def get(self, request: object, key: str) -> Response:
        """List the current run of each window, newest window first."""
        rows = runs_of(self.find_model(key))
        if check := self.request.query_params.get("check"):
            rows = rows.filter(window__check_ref__slug=check)
        if states := self.request.query_params.get("state"):
            rows = rows.filter(state__in=_states(states))
        return self.page(rows, order=["-window_start", "-pk"], show=lambda run: RunOut(**_run(run)))


class RunDetail(ResourceView):
    """One run."""

    @documented("Show a run", answer=RunDetailOut)
    def get(self, request: object, run: str) -> Response:
        """Show one run with its readings and histograms."""
        if not run.isdecimal() or len(run) > 18:
            raise Run.DoesNotExist
        return self.answer(_detail(find_run(self.actor, int(run))))


def _states(text: str) -> list[str]:
    states = text.split(",")
    for state in states:
        if state not in RunState.values:
            fix = ", ".join(RunState.values)
            raise invalid("/state", "unknown_state", f"there is no state '{state[:40]}'", fix)
    return states


urlpatterns = [
    route("models/<key>/runs/", RunList, "runs"),
    route("runs/<run>/", RunDetail, "run"),
]
