"""Work that somebody asks the judge for, beside the verdicts; each is a row until it is done.

A question is asked once: whoever asks again gets the same row, and a row whose answer was a fault
is taken up anew. The worker that answers holds a lease; a late one is stopped by its token.
"""

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from monitoring import baselines, files, forecasts, leases
from monitoring.judging import client
from monitoring.judging.client import JudgeDied, JudgeUnavailable
from monitoring.judging.protocol import Job
from monitoring.leases import Lease, Stint
from monitoring.models import Analysis, Check, Run, Source
from monitoring.names import require_name
from monitoring.queries.checks import current_version
from monitoring.specs import as_json, merged_spec, parse_check
from monitoring.states import VERDICTS
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.problems import invalid
from registry.queries import champion

logger = logging.getLogger(__name__)
ATTEMPTS = 3
_REPORT_SECONDS = 60.0


class CannotAnswer(Exception):
    """What was asked for cannot be made, and asking again would not help before something else."""


@dataclass(frozen=True)
class Answer:
    """What came of the work: numbers for the row, and perhaps a document for the disk."""

    result: dict[str, Any] = field(default_factory=dict)
    document: str = ""


def request_report(actor: Actor, run: Run, *, at: datetime) -> tuple[Analysis, bool]:
    """Ask for the full Evidently report on the rows that a run was judged on."""
    model = run.window.check_ref.model
    access.require(actor, Right.ACT_ON_INCIDENTS, model.unit)
    if run.state not in VERDICTS:
        raise invalid("", "not_judged", "the run has no verdict yet", "ask when it was judged")
    other = run.made_with.get("reference_batch", "")
    if run.batch is None or run.contract_version is None or not (run.baseline or other):
        detail = "the run was judged without a batch and a reference, so nothing can be compared"
        raise invalid("", "nothing_to_compare", detail, "ask for a run of a data check")
    if run.batch.file_deleted_at is not None:
        told = files.gone(run.batch)
        raise invalid("", "file_deleted", told, files.remedy(run.batch.source))
    reference = other or (run.baseline.digest if run.baseline else "")
    seen = {"batch": run.batch.digest, "reference": reference, "run": run.pk}
    return _ask(actor, Analysis.Kind.REPORT, model, seen, run=run, at=at)


def request_forecast(
    actor: Actor, model: RegisteredModel, slug: str, *, spec: dict[str, Any], at: datetime
) -> tuple[Analysis, bool]:
    """Ask how many false alarms a data check would have; of one that exists, give the changes."""
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    require_name(slug, "/check")
    check = model.checks.filter(slug=slug).first()
    if check is not None and check.kind != Check.Kind.DATA:
        detail = f"{slug} is a check of kind {check.kind}; only data checks are forecast"
        raise invalid("", "not_data", detail, "ask about a check of kind data")
    before = current_version(check).spec if check else {}
    whole = as_json(parse_check(Check.Kind.DATA, merged_spec(before, spec)))
    version = champion(model)
    logged = version.files.get(baselines.REFERENCE, {}) if version else {}
    body = {"check": slug, "spec": whole}
    question = {**body, "reference": logged.get("digest", "")}
    return _ask(actor, Analysis.Kind.FORECAST, model, question, body=body, at=at)


def forecast_of(model: RegisteredModel, slug: str) -> Analysis:
    """Return the newest forecast of a check, or raise DoesNotExist."""
    asked = Analysis.objects.filter(kind=Analysis.Kind.FORECAST, model=model, body__check=slug)
    return asked.select_related("by").latest("requested_at", "pk")


def _ask(
    actor: Actor,
    kind: str,
    model: RegisteredModel,
    question: Mapping[str, Any],
    *,
    at: datetime,
    run: Run | None = None,
    body: dict[str, Any] | None = None,
) -> tuple[Analysis, bool]:
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
    asked = {"run": run, "body": body or {}, "by": actor.person, "requested_at": at}
    with transaction.atomic():
        found, created = Analysis.objects.select_for_update().get_or_create(
            kind=kind, model=model, digest=digest, defaults=asked
        )
        again = not created and (bool(found.fault) or _is_gone(found))
        if again:
            fresh = {
                **asked,
                "attempts": 0,
                "finished_at": None,
                "fault": "",
                "lease_until": None,
                "file_deleted_at": None,
            }
            Analysis.objects.filter(pk=found.pk).update(**fresh)
            found.refresh_from_db()
        if created or again:
            audit.record(
                actor, "analysis.requested", found, at=at, unit=model.unit, after=dict(question)
            )
    return found, created


def _is_gone(found: Analysis) -> bool:
    missing = bool(found.path) and not path_of(found).exists()
    return missing or found.file_deleted_at is not None


def path_of(found: Analysis) -> Path:
    """Return where the document of an analysis lies."""
    return Path(settings.MUSTER_DATA_DIR) / found.path


def work_due(*, at: datetime, seconds: float) -> int:
    """Work on what was asked for until nothing is left or the time is up; return how many."""
    stint, done = Stint(at=at, seconds=seconds), 0
    while not stint.over and (lease := leases.claim_analysis()):
        done += _work(lease, stint)
    return done


def _work(lease: Lease, stint: Stint) -> bool:
    found = Analysis.objects.select_related("run__window__check_ref", "model").get(pk=lease.pk)
    try:
        with leases.kept(Analysis, [lease]):
            answer = WORK[found.kind](found, at=stint.at)
    except CannotAnswer as error:
        return _finish(lease, {"fault": str(error)[:1000]}, at=stint.at)
    except JudgeUnavailable as error:
        logger.warning("analysis %s waits: %s", found.pk, error)
        _mine(lease).update(attempts=found.attempts - 1)  # the lease runs out by itself
        return False
    except JudgeDied as error:
        logger.warning("analysis %s, attempt %d: %s", found.pk, found.attempts, error)
        if found.attempts < ATTEMPTS:
            return False
        return _finish(lease, {"fault": str(error)[:1000]}, at=stint.at)
    kept = _keep(answer.document) if answer.document else {}
    if _finish(lease, {"result": answer.result, "fault": "", **kept}, at=stint.at):
        return True
    if kept:  # somebody else has answered meanwhile
        (Path(settings.MUSTER_DATA_DIR) / kept["path"]).unlink(missing_ok=True)
    return False


def _finish(lease: Lease, columns: dict[str, Any], *, at: datetime) -> bool:
    return bool(_mine(lease).update(finished_at=at, lease_until=None, **columns))


def _mine(lease: Lease) -> Any:
    return Analysis.objects.filter(pk=lease.pk, lease_token=lease.token, finished_at=None)


def _keep(document: str) -> dict[str, Any]:
    folder = Path(settings.MUSTER_DATA_DIR) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{uuid.uuid4().hex}.html"
    content = document.encode()
    aside = folder / f".{name}"
    aside.write_bytes(content)
    os.replace(aside, folder / name)
    return {"path": f"reports/{name}", "size": len(content)}


def _report(found: Analysis, *, at: datetime) -> Answer:
    run = found.run
    if run is None or run.batch is None or run.check_version is None:
        raise CannotAnswer("The batch of the run is not stored any more.")
    if run.batch.file_deleted_at is not None:
        raise CannotAnswer(f"It cannot be made any more: {files.gone(run.batch)}.")
    job = Job(
        kind="report",
        seconds=_REPORT_SECONDS,
        spec=run.check_version.spec,
        batch=run.batch.path,
        batch_format=run.batch.written_as,
        **_reference(run, run.batch.source),
        contract=run.contract_version.spec if run.contract_version else {},
        window_start=run.window.start,
        window_end=run.window.end,
        roles=baselines.roles(found.model, run.model_version),
    )
    result = client.judge(job, socket=str(settings.MUSTER_JUDGE_SOCKET))
    if result.state != "made":
        raise CannotAnswer(result.reason)
    return Answer({**result.summary, "made_with": result.made_with}, result.document)


def _reference(run: Run, source: Source) -> dict[str, Any]:
    """Return where that lies which the run was held against: another batch, or the baseline."""
    if digest := run.made_with.get("reference_batch"):
        other = source.batches.filter(digest=digest).first()
        if other is not None and other.file_deleted_at is None:
            return {"reference": other.path, "reference_format": other.written_as}
    elif run.baseline is not None:
        return {"reference": str(baselines.path_of(run.baseline))}
    raise CannotAnswer("The reference of the run is not stored any more.")


def _forecast(found: Analysis, *, at: datetime) -> Answer:
    try:
        return Answer(forecasts.make(found, at=at))
    except forecasts.CannotForecast as error:
        raise CannotAnswer(str(error)) from error


WORK: dict[str, Callable[..., Answer]] = {
    Analysis.Kind.REPORT: _report,
    Analysis.Kind.FORECAST: _forecast,
}
