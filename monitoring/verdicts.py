"""Write a verdict with all that follows from it, in one transaction."""

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from monitoring import health
from monitoring.alerts import episodes
from monitoring.evidence import Evidence, key_of
from monitoring.judging.protocol import Result
from monitoring.leases import Lease
from monitoring.models import (
    Check,
    CheckVersion,
    GroupCount,
    Histogram,
    Reading,
    Run,
    Window,
)
from monitoring.states import RunState
from registry.models import RegisteredModel

logger = logging.getLogger(__name__)

# Kinds that wait for the data check's word on the same window.
_AFTER_THE_DATA = (Check.Kind.PERFORMANCE, Check.Kind.FAIRNESS)


class Superseded(Exception):
    """Another worker has taken the run meanwhile; nothing was written."""


def commit(run: Run, lease: Lease, evidence: Evidence, *, at: datetime) -> None:
    """Write the verdict of a leased run: row, readings, alerts, health, or nothing at all."""
    with transaction.atomic():
        check = Check.objects.select_for_update().get(pk=run.window.check_ref_id)
        if evidence.too_early:
            _wait_for_labels(run, lease, evidence)
            return
        result = evidence.result
        mine = Run.objects.filter(pk=lease.pk, lease_token=lease.token, state=RunState.RUNNING)
        changed = mine.update(
            state=result.state,
            reason=result.reason,
            rows=result.rows,
            completeness=result.completeness,
            summary=result.summary,
            made_with=result.made_with,
            finished_at=at,
            lease_until=None,
            **evidence.columns(),
        )
        if not changed:
            raise Superseded(Superseded.__doc__)
        _store_numbers(run.pk, result, at=at)
        if check.kind == Check.Kind.DATA:
            # Before alerting takes the model's lock: planners take check, then model.
            others = Check.objects.filter(model_id=check.model_id, kind__in=_AFTER_THE_DATA)
            others.update(next_plan_at=at)
        _tell(run.pk, check.model, at=at)


def record(
    window: Window,
    version: CheckVersion,
    *,
    state: str,
    reason: str,
    at: datetime,
    summary: dict[str, Any] | None = None,
    **fields: Any,
) -> Run:
    """Write a verdict that needs no judge (missed, a broken folder) as the current run.

    The caller holds the check's row and recomputes health when it is through.
    """
    run = supersede(
        window,
        state=state,
        reason=reason,
        check_version=version,
        queued_at=at,
        started_at=at,
        finished_at=at,
        summary=summary or {},
        **fields,
    )
    episodes.apply(run, at=at)
    return run


def supersede(window: Window, **fields: Any) -> Run:
    """Make the window's next revision the current one."""
    newest = Run.objects.filter(window=window).order_by("-revision").first()
    Run.objects.filter(window=window, current=True).update(current=False)
    return Run.objects.create(
        window=window, revision=newest.revision + 1 if newest else 1, **fields
    )


def _wait_for_labels(run: Run, lease: Lease, evidence: Evidence) -> None:
    """Take the run back: the window keeps waiting, and remembers which labels were too few."""
    mine = Run.objects.filter(pk=lease.pk, lease_token=lease.token, state=RunState.RUNNING)
    if not mine.delete()[0]:
        raise Superseded(Superseded.__doc__)
    before = Run.objects.filter(window_id=run.window_id).order_by("-revision").first()
    if before is not None:
        Run.objects.filter(pk=before.pk).update(current=True)
    Window.objects.filter(pk=run.window_id).update(
        tried_labels=key_of(evidence.label_digests),
        completeness=evidence.result.completeness,
        estimate={
            **evidence.result.summary.get("estimate", {}),
            "batch": evidence.batch.pk if evidence.batch else None,
        },
    )


def _store_numbers(run_id: int, result: Result, *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_ensure_partition(%s)", [at])
    Reading.objects.bulk_create(
        [
            Reading(
                at=at,
                run_id=run_id,
                **{**vars(one), "feature": one.feature[:250], "segment": one.segment[:250]},
            )
            for one in result.readings
        ]
    )
    Histogram.objects.bulk_create(
        [
            Histogram(run_id=run_id, **{**vars(one), "feature": one.feature[:250]})
            for one in result.histograms
        ]
    )
    GroupCount.objects.bulk_create(
        [
            GroupCount(
                run_id=run_id,
                **{**vars(one), "attribute": one.attribute[:200], "group": one.group[:250]},
            )
            for one in result.groups
        ]
    )


def _tell(run_id: int, model: RegisteredModel, *, at: datetime) -> None:
    run = Run.objects.select_related("window__check_ref", "check_version").get(pk=run_id)
    episodes.apply(run, at=at)
    health.recompute(model, at=at)
