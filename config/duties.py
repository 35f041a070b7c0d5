"""Everything Muster does without being asked, in the order one cycle goes.

A duty drains the rows of one kind that are due. Celery's `ring` and the sweep run the same list,
so that what the doorbell loses the sweep finds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config import heartbeat
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
from monitoring import tasks as monitoring_tasks
from monitoring.alerts import delivery
from policies import tasks as policies_tasks
from policies.compliance import evaluation as compliance
from policies.releases import evaluation as releases
from policies.retraining import decisions, jobs
from registry import checkpoints, operations, tiers
from registry import tasks as registry_tasks
from registry.mlflow import sync
from registry.sign_in import passwords


class Drain(Protocol):
    """Work off due rows for at most `seconds`; return how many."""

    def __call__(self, *, at: datetime, seconds: float) -> int: ...


@dataclass(frozen=True)
class Duty:
    """One kind of due work: the function that does it and the task that hurries it."""

    name: str
    drain: Drain
    hurry: Callable[..., object]


DUTIES = (
    # First, so that no slow part keeps the outside from hearing or the audit from being signed.
    Duty("heartbeat", heartbeat.beat_due, heartbeat.beat.apply_async),
    Duty("checkpoint", checkpoints.checkpoint_due, registry_tasks.checkpoint.apply_async),
    Duty("reconcile", reconciling.reconcile_due, monitoring_tasks.reconcile.apply_async),
    Duty("sync", sync.sweep_due, registry_tasks.sync.apply_async),
    Duty("answer", events.answer_due, monitoring_tasks.answer.apply_async),
    Duty("operate", operations.work_due, registry_tasks.operate.apply_async),
    Duty("tiers", tiers.expire_due, registry_tasks.end_overrides.apply_async),
    Duty("tell", passwords.tell_due, registry_tasks.tell.apply_async),
    Duty("scan", scans.scan_due, monitoring_tasks.scan.apply_async),
    Duty("plan", windows.plan_due, monitoring_tasks.plan.apply_async),
    Duty("judge", runs.execute_due, monitoring_tasks.judge.apply_async),
    Duty("analyze", analyses.work_due, monitoring_tasks.analyze.apply_async),
    Duty("tidy", retention.tidy_due, monitoring_tasks.tidy.apply_async),
    Duty("stale", health.mark_stale, monitoring_tasks.stale.apply_async),
    Duty("report", reports.report_due, monitoring_tasks.report.apply_async),
    Duty("attend", attention.attend_due, monitoring_tasks.attend.apply_async),
    Duty("deliver", delivery.deliver_due, monitoring_tasks.deliver.apply_async),
    Duty("decide", decisions.decide_pending, policies_tasks.decide.apply_async),
    Duty("hand_over", jobs.hand_over_due, policies_tasks.hand_over.apply_async),
    Duty("gates", releases.evaluate_due, policies_tasks.gates.apply_async),
    Duty("controls", compliance.evaluate_due, policies_tasks.controls.apply_async),
)
