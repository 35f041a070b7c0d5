"""Hand retraining jobs to their trainers, see them come back, and give up in the end.

A job is a row: `requested` until a trainer has taken it, `started` until a version of the model
carries its id in MLflow, then `succeeded`; `failed` or `timed_out` where that does not happen.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import connection, transaction

from policies.models import Job
from policies.retraining import webhook
from policies.retraining.webhook import HandOverFailed
from registry import actors, audit
from registry.models import ModelVersion

log = logging.getLogger(__name__)
SYSTEM = actors.system("retraining")
# Three times what asking a trainer may take: one request, ten seconds by the wall clock.
LEASE_SECONDS = 30
# The wait before the next attempt; the last one repeats until the job times out.
BACKOFF = (10, 30, 120, 600, 1800, 3600)
MAX_ATTEMPTS = 20
# A trainer that is late may still bring its version: its work is not thrown away.
LATE = timedelta(days=30)
State = Job.State

_CLAIM = f"""
UPDATE policies_job
   SET lease_until = muster_now() + interval '{LEASE_SECONDS} seconds',
       lease_token = lease_token + 1, attempts = attempts + 1
 WHERE id = (SELECT id FROM policies_job
              WHERE state = 'requested' AND due_at <= muster_now()
                AND (lease_until IS NULL OR lease_until <= muster_now())
                AND times_out_at > muster_now()
              ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, lease_token, attempts
"""  # noqa: S608 - the one value is a constant of this module


@dataclass(frozen=True)
class Claim:
    """A job that this worker may hand over until its lease ends."""

    job_id: int
    token: int
    attempt: int


def hand_over_due(*, at: datetime, seconds: float) -> int:
    """Finish, time out and hand over jobs for at most `seconds`; return how many moved on."""
    ends = monotonic() + seconds
    moved = _finish(at) + _time_out(at)
    while monotonic() < ends:
        claim = _claim()
        if claim is None:
            break
        _hand_over(claim, at)
        moved += 1
    return moved


def _claim() -> Claim | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM)
        row = cursor.fetchone()
    return None if row is None else Claim(*row)


def _hand_over(claim: Claim, at: datetime) -> None:
    job = Job.objects.select_related("trainer", "model__unit", "decision__trigger_run__window").get(
        pk=claim.job_id
    )
    try:
        webhook.send(job, at=at)
    except HandOverFailed as failure:
        if failure.permanent or claim.attempt >= MAX_ATTEMPTS:
            _fail(job, claim, at=at, error=str(failure))
        else:
            _postpone(claim, at=at, error=str(failure))
    else:
        _start(job, claim, at=at)


def _start(job: Job, claim: Claim, *, at: datetime) -> None:
    with transaction.atomic():
        if _write(claim, state=State.STARTED, started_at=at, lease_until=None, error=""):
            _record(job, "retraining.started", at=at)


def _fail(job: Job, claim: Claim, *, at: datetime, error: str) -> None:
    with transaction.atomic():
        if _write(claim, state=State.FAILED, finished_at=at, lease_until=None, error=error):
            _record(job, "retraining.failed", at=at, reason=error)


def _postpone(claim: Claim, *, at: datetime, error: str) -> None:
    wait = BACKOFF[min(claim.attempt, len(BACKOFF)) - 1]
    _write(claim, due_at=at + timedelta(seconds=wait), lease_until=None, error=error)


def _write(claim: Claim, **changes: object) -> bool:
    """Change the job if this worker's claim still holds; a later claim makes it silent."""
    changed = Job.objects.filter(
        pk=claim.job_id, lease_token=claim.token, state=State.REQUESTED
    ).update(**changes)
    if not changed:
        log.warning("Job %s was taken over by another worker; its answer stands", claim.job_id)
    return bool(changed)


def _finish(at: datetime) -> int:
    """Tie versions that carry a job's id to it, also when the job is late or was given up."""
    waiting = (State.REQUESTED, State.STARTED, State.TIMED_OUT)
    jobs = Job.objects.filter(state__in=waiting, requested_at__gt=at - LATE)
    finished = 0
    for job in jobs.select_related("model__unit").order_by("pk"):
        version = (
            ModelVersion.objects.filter(
                source_model__registered_model_id=job.model_id,
                run_tags__contains={"muster.job": str(job.uuid)},
            )
            .order_by("-number")
            .first()
        )
        if version is not None:
            finished += _succeed(job, version, at)
    return finished


def _succeed(job: Job, version: ModelVersion, at: datetime) -> int:
    with transaction.atomic():
        changed = (
            Job.objects.filter(pk=job.pk)
            .exclude(state=State.SUCCEEDED)
            .update(state=State.SUCCEEDED, result_version=version, finished_at=at, lease_until=None)
        )
        if changed:
            _record(job, "retraining.succeeded", at=at, after={"version": version.number})
    return changed


def _time_out(at: datetime) -> int:
    timed_out = 0
    late = Job.objects.filter(state__in=(State.REQUESTED, State.STARTED), times_out_at__lte=at)
    for job in late.select_related("model__unit").order_by("pk"):
        where = "was not taken" if job.state == State.REQUESTED else "brought no version"
        error = f"The job {where} until {job.times_out_at:%Y-%m-%d %H:%M} UTC. {job.error}".strip()
        with transaction.atomic():
            changed = Job.objects.filter(pk=job.pk, state=job.state).update(
                state=State.TIMED_OUT, finished_at=at, lease_until=None, error=error
            )
            if changed:
                _record(job, "retraining.timed_out", at=at, reason=error)
        timed_out += changed
    return timed_out


def _record(
    job: Job,
    action: str,
    *,
    at: datetime,
    reason: str = "",
    after: dict[str, object] | None = None,
) -> None:
    after = {"job": str(job.uuid), **(after or {})}
    audit.record(
        SYSTEM, action, job.model, at=at, unit=job.model.unit, after=after, reason=reason[:500]
    )
