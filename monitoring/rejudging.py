"""Judge a window once more because somebody asks: a new revision, never a changed old one."""

from datetime import datetime

from django.db import transaction

from monitoring import files, planning, verdicts
from monitoring.models import Check, Run
from monitoring.queries.checks import current_spec, current_version, source_of
from monitoring.queries.runs import newest_batch
from monitoring.states import OPEN_STATES
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.problems import invalid


@transaction.atomic
def rejudge(actor: Actor, run: Run, *, reason: str, at: datetime) -> tuple[Run, bool]:
    """Queue the window of a run by the check, contract and data of today; asked twice is once.

    Return the run that will be judged, and whether it is new.
    """
    model = run.window.check_ref.model
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    check = Check.objects.select_for_update().get(pk=run.window.check_ref_id)
    if check.paused:
        detail = "the check is paused, so nothing of it is judged"
        raise invalid("/", "paused", detail, "let the check go on first")
    now = Run.objects.filter(window=run.window, current=True).first()
    if now is not None and now.state in OPEN_STATES:
        return now, False
    spec = current_spec(check)
    source = source_of(check, spec)
    batch = newest_batch(source, run.window.start) if source else None
    if source and batch is not None and batch.file_deleted_at is not None:
        raise invalid("/", "file_deleted", files.gone(batch), files.remedy(source))
    if batch is not None and isinstance(spec, planning.Outcomes):
        found, _ = planning.data_run(check, spec, run.window, batch)
        if found is not None and found.state in planning.FAULTY:
            detail = f"the data check of this window says: {found.reason}"
            fix = "deliver a good batch or mend the contract; then it is judged by itself"
            raise invalid("/", "data_at_fault", detail, fix)
    queued = verdicts.supersede(
        run.window, queued_at=at, check_version=current_version(check), batch=batch
    )
    audit.record(
        actor, "window.asked_again", queued, at=at, unit=model.unit,
        before={"run": now.pk if now else None, "state": now.state if now else None},
        after={"run": queued.pk, "check": check.slug, "window": run.window.start.isoformat()},
        reason=reason,
    )  # fmt: skip
    return queued, True
