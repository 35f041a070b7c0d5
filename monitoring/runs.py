"""Judge due runs: claim one, have it judged without any lock held, commit what came of it."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from monitoring import evidence, health, leases, verdicts
from monitoring.baselines import NoReference
from monitoring.chaos import point
from monitoring.evidence import Evidence
from monitoring.judging.client import JudgeDied, JudgeUnavailable
from monitoring.judging.protocol import Result
from monitoring.leases import Lease, Stint
from monitoring.models import Run
from monitoring.queries.checks import current_version
from monitoring.states import RunState
from registry import queries

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# How long a run waits for a champion and its reference before that becomes the verdict.
PATIENCE = timedelta(minutes=10)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=2)


def execute_on_spark(*, at: datetime, seconds: float) -> int:
    """Judge the due runs that are Spark's, one by one, each for as long as a run may take there."""
    return _execute_all("spark", at=at, seconds=seconds)


def execute_due(*, at: datetime, seconds: float) -> int:
    """Judge due runs until none is left or the time is up; return how many got a verdict.

    1. Claim the earliest run that may go (a short lease and a token; no lock stays).
    2. Judge it, outside any transaction, while a heartbeat extends the lease.
    3. Commit verdict, readings, alerts, health and owed messages in one transaction.
    4. Without a verdict, give it back: later, and sooner or later with a reason.
    """
    return _execute_all("local", at=at, seconds=seconds)


def _execute_all(engine: str, *, at: datetime, seconds: float) -> int:
    stint, done = Stint(at=at, seconds=seconds), 0
    while not stint.over and (lease := leases.claim_run(engine)):
        point("run.claimed")
        done += _execute(lease, stint)
    return done


def _execute(lease: Lease, stint: Stint) -> bool:
    run = Run.objects.select_related("window__check_ref__model").get(pk=lease.pk)
    try:
        if run.attempts > MAX_ATTEMPTS:
            _commit(run, lease, _failed(run, "it never came back"), at=stint.at)
            return True
        with leases.kept(Run, [lease], longest=_longest(run)):
            found = evidence.judge(run, at=stint.at)
        point("run.judged")
        _commit(run, lease, found, at=stint.at)
    except NoReference as error:
        return _wait(run, lease, error, at=stint.at)
    except JudgeUnavailable as error:
        logger.warning("run %s goes back: %s", run.pk, error)
        _release(run, lease, until=stint.at + _FIRST_WAIT, attempts=run.attempts - 1)
        return False
    except JudgeDied as error:
        return _died(run, lease, error, at=stint.at)
    except verdicts.Superseded:
        logger.warning("run %s was taken over by another worker", run.pk)
        return False
    return True


def _longest(run: Run) -> float:
    if run.window.check_ref.engine == "spark":
        return float(settings.MUSTER_SPARK_SECONDS) + leases.LEASE_SECONDS
    return leases.LONGEST_SECONDS


def _commit(run: Run, lease: Lease, found: Evidence, *, at: datetime) -> None:
    verdicts.commit(run, lease, found, at=at)
    point("run.committed")


def _died(run: Run, lease: Lease, error: JudgeDied, *, at: datetime) -> bool:
    logger.warning("run %s, attempt %d: %s", run.pk, run.attempts, error)
    if run.attempts < MAX_ATTEMPTS:
        _release(run, lease, until=at + timedelta(seconds=2 * run.attempts))
        return False
    return _try_commit(run, lease, _failed(run, str(error)), at=at)


def _failed(run: Run, why: str) -> Evidence:
    result = Result(RunState.FAILED, f"the worker died three times: {why}")
    return _without(run, result)


def _without(run: Run, result: Result) -> Evidence:
    """Return the evidence of a run that could not be judged: what is known without looking."""
    check = run.window.check_ref
    return Evidence(
        check_version=current_version(check),
        model_version=queries.champion(check.model),
        batch=run.batch,
        result=result,
    )


def _wait(run: Run, lease: Lease, error: NoReference, *, at: datetime) -> bool:
    since = run.summary.get("waiting_since")
    waited = at - datetime.fromisoformat(since) if since else timedelta(0)
    if waited >= PATIENCE:
        result = Result(error.state, str(error), summary={"cause": "no_reference"})
        return _try_commit(run, lease, _without(run, result), at=at)
    pause = min(_LONGEST_WAIT, max(_FIRST_WAIT, waited))
    summary = {"waiting_since": since or at.isoformat(), "waiting_for": str(error)}
    _release(run, lease, until=at + pause, attempts=run.attempts - 1, summary=summary)
    if since is None:
        health.recompute(run.window.check_ref.model, at=at)  # it can say now what it waits for
    return False


def _try_commit(run: Run, lease: Lease, found: Evidence, *, at: datetime) -> bool:
    try:
        _commit(run, lease, found, at=at)
    except verdicts.Superseded:
        logger.warning("run %s was taken over by another worker", run.pk)
        return False
    return True


def _release(run: Run, lease: Lease, *, until: datetime, **fields: Any) -> None:
    mine = Run.objects.filter(pk=lease.pk, lease_token=lease.token, state=RunState.RUNNING)
    mine.update(state=RunState.QUEUED, queued_at=until, lease_until=None, **fields)
