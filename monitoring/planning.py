"""Decide for each window of one check what is to do now: judge, wait, or say what is absent.

Absence is only concluded from a look that began after the window was due; a scan or a sync that
has not come round yet is no absence.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from monitoring import baselines, evidence, files, series, verdicts
from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.performance import too_few
from monitoring.checks.performance_shapes import PerformanceSpec
from monitoring.checks.shapes import DataSpec, MetricSpec
from monitoring.checks.skew_shapes import SkewSpec
from monitoring.models import Batch, Check, CheckVersion, Run, Source, Window
from monitoring.queries.checks import current_spec
from monitoring.specs import CheckSpec
from monitoring.states import OPEN_STATES, RunState
from registry.queries import champion

# Windows further back are settled; nothing that lands for them is expected.
HORIZON = timedelta(days=500)
_COMPLETE = 0.995
FAULTY = (RunState.DATA_FAULT, RunState.SOURCE_FAULT)
_RETRY_REFERENCE = timedelta(minutes=1)
# Checks that wait for the data check's word on the window, and for labels if they need them.
Outcomes = PerformanceSpec | FairnessSpec


@dataclass
class Plan:
    """One pass over the windows of one check."""

    check: Check
    version: CheckVersion
    spec: CheckSpec
    at: datetime
    recorded: int = 0
    # An earlier window still has to be judged: verdicts come in order, absence too, or what
    # the earlier ones show would be old news that alerts nobody.
    judging: bool = False
    look_again: list[datetime] = field(default_factory=list)

    def make(self) -> None:
        """Go through the windows in order."""
        windows = list(
            Window.objects.filter(check_ref=self.check, start__gte=self.at - HORIZON).order_by(
                "start"
            )
        )
        runs = {
            run.window_id: run
            for run in Run.objects.filter(
                window__check_ref=self.check, current=True
            ).select_related("batch")
        }
        if isinstance(self.spec, MetricSpec):
            self._metric(self.spec, windows, runs)
            return
        source = Source.objects.filter(model_id=self.check.model_id, name=self.spec.source).first()
        batches = _newest_batches(source)
        for window in windows:
            self._window(window, runs.get(window.pk), batches.get(window.start), source)

    def _window(
        self, window: Window, run: Run | None, batch: Batch | None, source: Source | None
    ) -> None:
        if run is not None and run.state in OPEN_STATES:
            self._wait()
        elif batch is None:
            self._absent(window, run, source)
        elif batch.file_deleted_at is not None:
            self._deleted(window, run, batch)
        elif isinstance(self.spec, Outcomes):
            self._performance(self.spec, window, run, batch)
        elif isinstance(self.spec, SkewSpec):
            self._skew(self.spec, window, run, batch)
        elif run is None or run.batch_id != batch.pk or self._has_reference_now(run):
            self._queue(window, batch)

    def _deleted(self, window: Window, run: Run | None, batch: Batch) -> None:
        """Leave what was judged as it is; what was not, such as by a new check, cannot be."""
        if run is None:
            summary = {"cause": "file_deleted"}
            reason = files.gone(batch)
            self._record(window, RunState.NOT_EVALUATED, reason, batch=batch, summary=summary)

    def _skew(self, spec: SkewSpec, window: Window, run: Run | None, batch: Batch) -> None:
        """Judge when both tables are here, and again when either is another one."""
        offline = evidence.batch_of(self.check, spec.offline, window.start)
        old = run if run is not None and run.batch_id == batch.pk else None
        if offline is not None:
            if old is None or _is_news(offline, old):
                self._queue(window, batch)
        elif self.at < window.due_at:
            self.look_again.append(window.due_at)
        elif old is None:
            reason = f"no offline table came from the source {spec.offline}"
            self._record(window, RunState.NOT_EVALUATED, reason, batch=batch)

    def _absent(self, window: Window, run: Run | None, source: Source | None) -> None:
        """Nothing has landed for the window."""
        if run is not None:
            # A folder that is back without the file: what was unreadable is now missing.
            if run.batch_id is not None or run.state != RunState.SOURCE_FAULT:
                return
            if source is None or source.fault:
                return
        if self.at < window.due_at:
            self.look_again.append(window.due_at)
        elif source is None:
            if run is None:
                reason = f"the model has no source named {getattr(self.spec, 'source', '')}"
                self._record(window, RunState.NOT_EVALUATED, reason)
        elif source.scanned_at is None or source.scanned_at < window.due_at:
            self._soon()
        elif source.fault:
            self._record(window, RunState.SOURCE_FAULT, source.fault)
        else:
            due = f"{window.due_at:%Y-%m-%d %H:%M}"
            self._record(window, RunState.MISSED, f"no batch came by {due} UTC")

    def _performance(self, spec: Outcomes, window: Window, run: Run | None, batch: Batch) -> None:
        same_batch = run is not None and run.batch_id == batch.pk
        found, waiting = data_run(self.check, spec, window, batch)
        if waiting:
            return  # the data check's verdict brings this check up again
        told = same_batch and run is not None and run.summary.get("cause") == "data_check"
        if found is not None and found.state in FAULTY:
            if not told:
                reason = f"the data check of this window says: {found.reason}"
                summary = {"cause": "data_check", "data_run": found.pk}
                self._record(window, RunState.NOT_EVALUATED, reason, batch=batch, summary=summary)
            return
        if not spec.needs_labels:
            if not same_batch or told or (run is not None and self._has_reference_now(run)):
                self._queue(window, batch)
            return
        self._with_labels(spec, window, run if same_batch else None, batch)

    def _with_labels(self, spec: Outcomes, window: Window, run: Run | None, batch: Batch) -> None:
        digests = [one.digest for one in evidence.labels_for(batch.source, window.start)]
        if run is not None:
            complete = (run.completeness or 0.0) >= _COMPLETE
            if complete or sorted(run.label_digests) == sorted(digests):
                return
        due = self.at >= window.due_at
        tried = bool(digests) and window.tried_labels == evidence.key_of(digests)
        if digests and (not tried or (due and run is None)):
            self._queue(window, batch)
        elif not due and run is None and _lacks_estimate(spec, window, batch):
            self._queue(window, batch)  # it is taken back when the estimate is there
        elif not due:
            self.look_again.append(window.due_at)
        elif run is None and not digests:
            scanned = batch.source.scanned_at
            if scanned is None or scanned < window.due_at:
                self._soon()
                return
            reason = too_few(labeled=0, rows=0, delay_days=spec.label_delay_days)
            self._record(
                window, RunState.NOT_EVALUATED, reason.split(" (")[0], batch=batch, completeness=0.0
            )

    def _metric(self, spec: MetricSpec, windows: list[Window], runs: dict[int, Run]) -> None:
        watched = series.watched_of(champion(self.check.model))
        for window in windows:
            run = runs.get(window.pk)
            if run is not None and run.state in OPEN_STATES:
                self._wait()
                continue
            if run is not None and not _may_mend(run):
                continue
            point = series.point_in(watched, spec, window) if watched else None
            if run is not None:
                if point is not None:
                    self._queue(window, None)
                continue
            # Values logged late in the window are known only after a look that began after it.
            since = window.end if point else window.due_at
            settled = watched is not None and watched.was_read(since)
            blind = watched is None or bool(watched.fault)
            if settled or (self.at >= window.due_at and blind):
                self._queue(window, None)
            else:
                self._soon()

    def _has_reference_now(self, run: Run) -> bool:
        """Say whether a run that lacked a reference can be judged after all."""
        if run.summary.get("cause") != "no_reference":
            return False
        if baselines.possible(self.check.model, champion(self.check.model)):
            return True
        self.look_again.append(self.at + _RETRY_REFERENCE)
        return False

    def _wait(self) -> None:
        self.judging = True
        self._soon()

    def _queue(self, window: Window, batch: Batch | None) -> None:
        self.judging = True
        verdicts.supersede(window, queued_at=self.at, check_version=self.version, batch=batch)

    def _record(self, window: Window, state: str, reason: str, **fields: Any) -> None:
        if self.judging:
            self._soon()
            return
        verdicts.record(window, self.version, state=state, reason=reason, at=self.at, **fields)
        self.recorded += 1

    def _soon(self) -> None:
        self.look_again.append(self.at + timedelta(seconds=settings.MUSTER_SCAN_SECONDS))


def _newest_batches(source: Source | None) -> dict[datetime, Batch]:
    if source is None:
        return {}
    ordered = source.batches.order_by("landed_at", "pk").select_related("source")
    return {batch.window_start: batch for batch in ordered}


def _lacks_estimate(spec: Outcomes, window: Window, batch: Batch) -> bool:
    """Say whether the window could tell, before its labels come, what is to be expected."""
    wanted = isinstance(spec, PerformanceSpec) and spec.estimate != "none"
    return wanted and window.estimate.get("batch") != batch.pk


def _is_news(offline: Batch, run: Run) -> bool:
    """Say whether a run was judged without this offline table."""
    if known := run.made_with.get("offline"):
        return bool(known != offline.digest)
    return run.finished_at is not None and offline.landed_at > run.finished_at


def _may_mend(run: Run) -> bool:
    """Say whether values that come late may still give a metric's window a verdict."""
    return run.state in (RunState.MISSED, RunState.NOT_EVALUATED, RunState.SOURCE_FAULT)


def data_run(check: Check, spec: Outcomes, window: Window, batch: Batch) -> tuple[Run | None, bool]:
    """Return the data checks' verdict on this very batch, and whether one is still to come.

    Of several data checks of the source the one that found a fault speaks.
    """
    found: Run | None = None
    for other in Check.objects.filter(model_id=check.model_id, kind=Check.Kind.DATA, paused=False):
        other_spec = current_spec(other)
        if not isinstance(other_spec, DataSpec) or other_spec.source != spec.source:
            continue
        theirs = Window.objects.filter(check_ref=other, start=window.start).first()
        if theirs is None:
            if other.next_window_start <= window.start:
                return None, True
            continue
        run = theirs.runs.filter(current=True).first()
        # A verdict on an earlier batch, or that none had come, says nothing about this one.
        if run is None or run.state in OPEN_STATES or run.batch_id != batch.pk:
            return None, True
        if found is None or run.state in FAULTY:
            found = run
    return found, False
