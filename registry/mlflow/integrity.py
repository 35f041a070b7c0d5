"""Read versions again on a schedule: are run, logged model and files what was recorded?

What cannot be read now is not judged: it stays due, and its last check grows old for all to see.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce

from registry import queries
from registry.clock import MusterNow
from registry.mlflow import custody, evidence
from registry.mlflow.client import Client, MlflowError
from registry.mlflow.client import Kind as Trouble
from registry.mlflow.lease import Lease
from registry.mlflow.records import Run
from registry.models import MLflowServer, ModelEvent, ModelVersion

logger = logging.getLogger(__name__)
Kind = ModelEvent.Kind
Faults = dict[str, dict[str, Any]]
_SELDOM = 7  # versions under no alias are read this many times less often
_RETRY = timedelta(hours=1)
_PAGE = 200


def read(held: Lease, server: MLflowServer, client: Client, *, at: datetime, end: float) -> int:
    """Check the versions of one server that are due until `end`; return how many were."""
    due = _due(server)
    if not due or time.monotonic() > end:
        return 0
    try:
        runs = client.get_runs([version.run_id for version in due if version.run_id])
    except MlflowError as error:
        logger.info("server %s: runs could not be compared now: %s", server.slug, error)
        return 0
    done = 0
    for version in due:
        if time.monotonic() > end:
            break
        try:
            _check(held, client, version, runs, at=at)
        except MlflowError as error:
            logger.info("version %s could not be checked now: %s", version.pk, error)
            again = MusterNow() + _RETRY
            ModelVersion.objects.filter(pk=version.pk).update(next_integrity_at=again)
            if error.is_of_the_server:
                break
        done += 1
    return done


def _due(server: MLflowServer) -> list[ModelVersion]:
    every = timedelta(hours=settings.MUSTER_INTEGRITY_HOURS)
    # Without a date the check is due one interval after the evidence was read.
    due_at = Coalesce(F("next_integrity_at"), F("evidence_read_at") + every)
    rows = ModelVersion.objects.filter(
        source_model__server=server,
        source_model__registered_model__isnull=False,
        evidence_read_at__isnull=False,
        deleted_at=None,
    ).exclude(files={})
    found = rows.annotate(due_at=due_at).filter(due_at__lte=MusterNow())
    return list(found.select_related("source_model").order_by("due_at", "pk")[:_PAGE])


def _check(
    held: Lease, client: Client, version: ModelVersion, runs: Mapping[str, Run], *, at: datetime
) -> None:
    faults: Faults = {}
    looked_at = [Kind.RUN_DELETED, Kind.LOGGED_MODEL_DELETED]
    if version.run_id and (version.run_id not in runs or runs[version.run_id].is_deleted):
        faults[Kind.RUN_DELETED] = {"run": version.run_id}
    if version.mlflow_model_id and not _has_logged_model(client, version.mlflow_model_id):
        faults[Kind.LOGGED_MODEL_DELETED] = {"logged_model": version.mlflow_model_id}
    try:
        findings = evidence.Findings()
        evidence.look(client, version, findings)
    except MlflowError as error:
        # The files of what was deleted cannot be listed: that they are gone is no news then.
        if error.is_of_the_server or not faults:
            raise
    else:
        looked_at.append(Kind.ARTIFACT_CHANGED)
        faults |= custody.files_fault(custody.compare(version.files, findings.files))
    with held.transaction():
        custody.note(version, faults, looked_at=looked_at, at=at)
        ModelVersion.objects.filter(pk=version.pk).update(
            integrity_checked_at=at, next_integrity_at=MusterNow() + _interval(version)
        )


def _has_logged_model(client: Client, model_id: str) -> bool:
    try:
        client.get_logged_model(model_id)
    except MlflowError as error:
        if error.kind is Trouble.MISSING:
            return False
        raise
    return True


def _interval(version: ModelVersion) -> timedelta:
    every = timedelta(hours=settings.MUSTER_INTEGRITY_HOURS)
    decides = version.number in queries.deciding_numbers(version.source_model.aliases)
    return every if decides else every * _SELDOM
