"""Read a check's verdicts from the tables as the facts that judgement asks for."""

from datetime import datetime
from typing import Any

from monitoring.alerts.judgement import Condition, Look, Point, When
from monitoring.alerts.wording import Crossing
from monitoring.models import Alert, Check, Expectation, Reading, Run
from monitoring.states import CROSSINGS, FAULTS, VERDICTS, AlertState, RunState

# Far more windows than any rule looks back over; a bound, so that years of history cost nothing.
HISTORY = 60


def is_news(run: Run, check: Check) -> bool:
    """Say whether the verdict is the newest word: an older one moves no alert.

    A later window that could not be judged says nothing about drift or performance, so what an
    older one shows of them is still the newest word (labels may come weeks after a data fault).
    """
    if not run.current or run.state not in VERDICTS:
        return False
    later = Run.objects.filter(
        window__check_ref=check,
        window__start__gt=run.window.start,
        current=True,
        state__in=VERDICTS,
    )
    if run.state not in FAULTS:
        later = later.exclude(state__in=FAULTS)
    return not later.exists()


def looks_until(run: Run, check: Check) -> list[Look]:
    """Return the current verdicts of the check in window order, up to the run's own window."""
    rows = list(
        Run.objects.filter(
            window__check_ref=check,
            window__start__lte=run.window.start,
            current=True,
            state__in=VERDICTS,
        )
        .order_by("-window__start")
        .values_list("pk", "window__start", "state", "finished_at")[:HISTORY]
    )
    ended = {pk: finished for pk, _, state, finished in rows if state in CROSSINGS}
    crossed, expected = _crossed_segments(check, ended)
    return [
        Look(
            run_id=pk,
            start=start,
            state=state,
            crossed=crossed.get(pk, frozenset()),
            explained=pk == run.pk and is_explained(run, check),
            expected=expected.get(pk, frozenset()),
        )
        for pk, start, state, _ in reversed(rows)
    ]


Segments = dict[int, frozenset[str]]  # by run


def _crossed_segments(check: Check, ended: dict[int, datetime | None]) -> tuple[Segments, Segments]:
    """Return where limits were crossed, and where nothing but what was expected crossed them."""
    excuses = list(Expectation.objects.filter(check_ref=check))
    found: dict[int, set[str]] = {}
    excused: dict[int, set[str]] = {}
    readings = Reading.objects.filter(run_id__in=list(ended), crossed=True)
    names = readings.values_list("run_id", "segment", "feature").distinct()
    for run_id, segment, feature in names:
        held = any(is_excused(one, feature, segment, ended[run_id]) for one in excuses)
        (excused if held else found).setdefault(run_id, set()).add(segment)
    crossed = {run_id: frozenset(segments) for run_id, segments in found.items()}
    nothing: frozenset[str] = frozenset()
    expected = {
        run_id: frozenset(segments) - crossed.get(run_id, nothing)
        for run_id, segments in excused.items()
    }
    return crossed, expected


def is_excused(one: Expectation, feature: str, segment: str, at: datetime | None) -> bool:
    """Say whether a crossing that was found at a time was expected then."""
    if one.feature not in ("", feature) or one.segment not in ("", segment):
        return False
    last = min(one.until, one.ended_at) if one.ended_at else one.until
    return at is not None and at < last


def is_explained(run: Run, check: Check) -> bool:
    """Say whether the data check of the same window already tells why nothing could be judged."""
    # A metric comes from MLflow: whatever befell the batch does not explain that it is not there.
    if run.state not in FAULTS or check.kind in (Check.Kind.DATA, Check.Kind.METRIC):
        return False
    return Run.objects.filter(
        window__check_ref__model_id=check.model_id,
        window__check_ref__kind=Check.Kind.DATA,
        window__check_ref__paused=False,
        window__start__lt=run.window.end,
        window__end__gt=run.window.start,
        current=True,
        state__in=[RunState.DATA_FAULT, RunState.SOURCE_FAULT, RunState.MISSED],
    ).exists()


def crossings_of(run: Run, segment: str) -> list[Crossing]:
    """Return the crossed limits of one segment of a run, worst first.

    Of a run that broke its contract there are none to tell: other columns may have moved, but
    the alert is about the fault.
    """
    if run.state not in CROSSINGS:
        return []
    rows = Reading.objects.filter(run=run, segment=segment, crossed=True)
    found = [
        Crossing(r.feature, r.method, r.value, r.limit, r.direction, r.segment, r.note)
        for r in rows
    ]
    return sorted(found, key=lambda crossing: (-crossing.excess, crossing.feature))


def open_alerts(check: Check, *, locked: bool = True) -> dict[Condition, Alert]:
    """Return the check's open alerts by condition, locked unless nothing is to follow."""
    alerts = (
        Alert.objects.filter(check_ref=check)
        .exclude(state=AlertState.RESOLVED)
        .order_by("pk")
        .select_related("opened_by_run__window", "incident")
    )
    if locked:
        alerts = alerts.select_for_update(of=("self",))
    return {Condition(alert.condition, alert.segment): alert for alert in alerts}


def opened_at(alert: Alert) -> Point:
    """Return the window and run that opened an alert."""
    run = alert.opened_by_run
    return Point(run.window.start, run.pk) if run else Point(alert.since, 0)


def endings(check: Check) -> dict[Condition, Point]:
    """Return, for each condition, where its latest episode ended."""
    ended = (
        Alert.objects.filter(check_ref=check, state=AlertState.RESOLVED)
        .exclude(latest_run=None)
        .order_by("condition", "segment", "-latest_run__window__start", "-latest_run_id")
        .distinct("condition", "segment")
        .values_list("condition", "segment", "latest_run__window__start", "latest_run_id")
    )
    return {
        Condition(condition, segment): Point(start, run_id)
        for condition, segment, start, run_id in ended
        if isinstance(start, datetime) and run_id is not None
    }


def rule_of(run: Run) -> tuple[When, dict[str, str], dict[str, Any]]:
    """Return the m-of-n, the severities and the whole spec the run was judged by."""
    version = run.check_version or run.window.check_ref.versions.order_by("-number").first()
    spec: dict[str, Any] = dict(version.spec) if version else {}
    when = When(**{k: int(v) for k, v in (spec.get("when") or {}).items() if k in _RULE})
    return when, dict(spec.get("severity") or {}), spec


_RULE = ("bad", "of", "good")
