"""Celery's side of the duties: each task works off what is due for a short while."""

from celery import shared_task

from monitoring import (
    analyses,
    attention,
    events,
    health,
    reconciling,
    reports,
    retention,
    runs,
    scans,
    windows,
)
from monitoring.alerts import delivery
from registry import clock

# A task ends long before its time limit; what is left is still a due row.
_SECONDS = 20.0
# A task that got something done hurries the duty that goes on from there; lost, the next ring does.
_EXPIRES = 10


@shared_task(ignore_result=True)
def scan(**kwargs: object) -> None:
    """Look into the landing folders that are due."""
    if scans.scan_due(at=clock.now(), seconds=_SECONDS):
        plan.apply_async(expires=_EXPIRES)


@shared_task(ignore_result=True)
def plan(**kwargs: object) -> None:
    """Make the windows and runs that are due."""
    if windows.plan_due(at=clock.now(), seconds=_SECONDS):
        judge.apply_async(expires=_EXPIRES)


@shared_task(ignore_result=True)
def judge(**kwargs: object) -> None:
    """Judge due runs."""
    if runs.execute_due(at=clock.now(), seconds=_SECONDS):
        deliver.apply_async(expires=_EXPIRES)


@shared_task(ignore_result=True)
def stale(**kwargs: object) -> None:
    """Turn models unknown whose checks have fallen silent."""
    health.mark_stale(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def attend(**kwargs: object) -> None:
    """Look after open incidents: pass on, remind, end what has run out."""
    attention.attend_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def deliver(**kwargs: object) -> None:
    """Send the messages that are owed."""
    delivery.deliver_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def report(**kwargs: object) -> None:
    """Owe the weekly and monthly reports that are due."""
    reports.report_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def answer(**kwargs: object) -> None:
    """Answer what happened to models in MLflow."""
    events.answer_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def analyze(**kwargs: object) -> None:
    """Make the reports and forecasts that somebody asked for."""
    analyses.work_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def reconcile(**kwargs: object) -> None:
    """Look whether what must always hold does."""
    reconciling.reconcile_due(at=clock.now(), seconds=_SECONDS)


@shared_task(ignore_result=True)
def tidy(**kwargs: object) -> None:
    """Delete stored files that nothing needs any more."""
    retention.tidy_due(at=clock.now(), seconds=_SECONDS)
