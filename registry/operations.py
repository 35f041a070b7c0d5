"""Long work that is a row: asked for once, done batch by batch, gone on with after any crash.

A batch and the note that it is done are one transaction, so that a killed worker leaves nothing
half done and nothing is done twice. The work has the rights that person and token have when it
is done, not when it was asked for.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from registry import access, actors, clock
from registry.access import Right
from registry.actors import Actor
from registry.clock import MusterNow
from registry.imports import bulk, from_file, from_mlflow
from registry.imports.mapping import MLflowImport
from registry.imports.results import RowResult
from registry.models import ApiToken, Operation

logger = logging.getLogger(__name__)
AT_ONCE = 200  # as many rows are worked off while the caller waits
SECONDS_AT_ONCE = 15.0
LEASE_SECONDS = 60
_BATCH = 20
_ATTEMPTS = 5
_PAUSE = timedelta(seconds=5)

_CLAIM = """
UPDATE registry_operation
SET lease_until = muster_now() + %s * interval '1 second', lease_token = lease_token + 1,
    attempts = attempts + 1, state = 'running'
WHERE id = (
    SELECT id FROM registry_operation
    WHERE finished_at IS NULL AND (lease_until IS NULL OR lease_until < muster_now())
      AND (%s::bigint IS NULL OR id = %s)
    ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, lease_token
"""


class LeaseLost(Exception):
    """Somebody else works on this operation now."""


class RightsGone(Exception):
    """Who asked for the work may not act here any more."""


Work = Callable[[Actor, dict[str, Any], int, int, datetime], list[RowResult]]


def _from_mlflow(
    actor: Actor, body: dict[str, Any], start: int, stop: int, at: datetime
) -> list[RowResult]:
    wanted = MLflowImport.model_validate(body)
    return from_mlflow.work(actor, wanted, start=start, stop=stop, at=at)


def _from_file(
    actor: Actor, body: dict[str, Any], start: int, stop: int, at: datetime
) -> list[RowResult]:
    return from_file.work(actor, body, start=start, stop=stop, at=at)


def _from_items(
    actor: Actor, body: dict[str, Any], start: int, stop: int, at: datetime
) -> list[RowResult]:
    return bulk.work(actor, body["items"], start=start, stop=stop, at=at)


WORK: dict[str, Work] = {
    Operation.Kind.IMPORT_MLFLOW: _from_mlflow,
    Operation.Kind.IMPORT_INVENTORY: _from_file,
    Operation.Kind.BULK_MODELS: _from_items,
}


def start(
    actor: Actor,
    kind: str,
    body: dict[str, Any],
    *,
    total: int,
    token: ApiToken | None,
    at: datetime,
) -> Operation:
    """Note down work to do; a small one is done before this returns."""
    assert actor.person is not None
    operation = Operation.objects.create(
        kind=kind,
        person=actor.person,
        token=token,
        request_id=actor.request_id,
        # A token that is deleted leaves no trace in its column, and must not widen the rights.
        body={"work": body, "by_token": token is not None},
        total=total,
        created_at=at,
    )
    if total <= AT_ONCE:
        lease = _claim(operation.pk)
        if lease is not None:
            _work(lease, seconds=SECONDS_AT_ONCE)
        operation.refresh_from_db()
    return operation


def preview(
    actor: Actor, kind: str, body: dict[str, Any], *, rows: int, at: datetime
) -> list[RowResult]:
    """Return what would become of the first rows; nothing stays written."""
    with transaction.atomic():
        found = WORK[kind](actor, body, 0, rows, at)
        transaction.set_rollback(True)
    return found


def visible(actor: Actor) -> QuerySet[Operation]:
    """Return the operations the actor may look at: their own; a platform admin sees all."""
    found = Operation.objects.select_related("person")
    if access.can(actor, Right.MANAGE_PLATFORM, None):
        return found
    if actor.scopes is not None and Right.SEE not in actor.scopes:
        return found.none()
    mine = found.filter(person=actor.person)
    # A token that is limited to a unit sees only what such a token has asked for.
    return mine if actor.unit_id is None else mine.filter(token__unit=actor.unit_id)


def work_due(*, at: datetime, seconds: float) -> int:
    """Work off what waits or was left behind, for at most `seconds`; return how many rows."""
    deadline, done = monotonic() + seconds, 0
    while (left := deadline - monotonic()) > 0:
        lease = _claim(None)
        if lease is None:
            break
        done += _work(lease, seconds=left)
    return done


@dataclass(frozen=True)
class Lease:
    """The right to work on one operation, until somebody else claims it."""

    operation_id: int
    token: int

    @contextmanager
    def transaction(self) -> Iterator[Operation]:
        """Open a transaction that nobody who claimed the operation later runs beside."""
        with transaction.atomic():
            mine = Operation.objects.filter(pk=self.operation_id, lease_token=self.token)
            # What was asked for may be megabytes and never changes: it is read once a claim.
            operation = mine.select_for_update().defer("body").first()
            if operation is None or operation.finished_at is not None:
                raise LeaseLost(LeaseLost.__doc__)
            yield operation

    def note(self, **columns: object) -> None:
        """Write columns while the lease is ours."""
        Operation.objects.filter(pk=self.operation_id, lease_token=self.token).update(**columns)


def _claim(operation_id: int | None) -> Lease | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS, operation_id, operation_id])
        row = cursor.fetchone()
    return Lease(*row) if row else None


def _work(lease: Lease, *, seconds: float) -> int:
    """Do batch after batch until the operation or the time is over; return how many rows."""
    deadline, done = monotonic() + seconds, 0
    body = Operation.objects.values_list("body", flat=True).get(pk=lease.operation_id)
    try:
        while monotonic() < deadline:
            count, finished = _batch(lease, body)
            done += count
            if finished:
                return done
        lease.note(lease_until=None)
    except LeaseLost:
        logger.warning("operation %s was taken over by another worker", lease.operation_id)
    except Exception as error:
        logger.exception("operation %s could not go on", lease.operation_id)
        _failed(lease, error)
    return done


def _batch(lease: Lease, body: dict[str, Any]) -> tuple[int, bool]:
    with lease.transaction() as operation:
        at = clock.now()
        try:
            actor = _actor(operation, by_token=body["by_token"], at=at)
        except RightsGone as gone:
            _finish(operation, Operation.State.FAILED, fault=str(gone), at=at)
            return 0, True
        begin = len(operation.results)
        stop = min(begin + _BATCH, operation.total)
        rows = WORK[operation.kind](actor, body["work"], begin, stop, at)
        operation.results += [row.model_dump(mode="json") for row in rows]
        if stop >= operation.total:
            _finish(operation, Operation.State.DONE, at=at)
            return len(rows), True
        later = MusterNow() + timedelta(seconds=LEASE_SECONDS)
        # What went well starts the count of attempts anew.
        lease.note(results=operation.results, lease_until=later, attempts=1)
        return len(rows), False


def _finish(operation: Operation, state: str, *, at: datetime, fault: str = "") -> None:
    operation.state, operation.fault, operation.finished_at = state, fault[:1000], at
    operation.lease_until = None
    operation.save(update_fields=["state", "fault", "finished_at", "lease_until", "results"])


def _failed(lease: Lease, error: Exception) -> None:
    """Leave the operation for another attempt, or give it up."""
    operation = Operation.objects.get(pk=lease.operation_id)
    if operation.attempts < _ATTEMPTS:
        lease.note(lease_until=MusterNow() + _PAUSE)
        return
    fault = f"given up after {_ATTEMPTS} attempts: {type(error).__name__}; ask for it again"
    lease.note(state=Operation.State.FAILED, fault=fault, finished_at=MusterNow(), lease_until=None)


def _actor(operation: Operation, *, by_token: bool, at: datetime) -> Actor:
    """Return the actor with the rights of now, or raise RightsGone saying why there are none."""
    if not operation.person.is_active:
        raise RightsGone("the account of who asked for this was closed; the rows done stay")
    token = operation.token
    if token is None and by_token:
        raise RightsGone("the token that asked for this is gone; the rows done stay")
    if token is None:
        return actors.of_person(operation.person, request_id=operation.request_id)
    if token.revoked_at is not None:
        raise RightsGone("the token that asked for this was revoked; the rows done stay")
    if token.expires_at <= at:
        raise RightsGone("the token that asked for this has expired; the rows done stay")
    return actors.of_token(token, request_id=operation.request_id)
