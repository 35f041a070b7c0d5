"""Decide for each model after its newest verdict or when its cadence asks, once; write it down.

One decision is one transaction under a lock on the model: facts, decision, the job it starts,
the note on open alerts and the audit event appear together or not at all.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction

from monitoring.models import Alert, AlertNote, Run
from monitoring.states import OPEN_STATES, VERDICTS, AlertState
from policies.models import Decision, Job, PolicyVersion, Trainer
from policies.retraining import cadence, facts, in_force, overdue
from policies.retraining.decide import GONE, decide
from policies.retraining.decide import Decision as Decided
from policies.retraining.seen import Facts, to_json
from policies.retraining.selection import Candidate, choose
from policies.retraining.specs import PolicySpec
from registry import actors, audit
from registry.models import RegisteredModel

log = logging.getLogger(__name__)
SYSTEM = actors.system("retraining")
NOTE = "retraining"
# While windows are being judged a decision would rest on half of the evidence; but a window
# that hangs must not keep a model undecided for ever.
PATIENCE = timedelta(minutes=15)
_LEADS = {
    Decision.Action.RETRAIN: "Retraining was requested. ",
    Decision.Action.HOLD: "",
    Decision.Action.WAIT: "Retraining waits. ",
    Decision.Action.NONE: "No retraining. ",
}


@dataclass(frozen=True)
class Pending:
    """A model whose newest verdict, or cadence, has no decision under the policy in force."""

    model_id: int
    policy_version_id: int
    run_id: int | None = None
    cadence_due: datetime | None = None  # without a run: when the cadence asked


def decide_pending(*, at: datetime, seconds: float) -> int:
    """Decide what is pending for at most `seconds`; return how many decisions were made."""
    ends = monotonic() + seconds
    made = 0
    for item in list(_pending(at)):
        if monotonic() >= ends:
            break
        try:
            made += _decide_one(item, at)
        except Exception:  # one model's odd rows must not stop the others' decisions
            log.exception("Unable to decide on model %s", item.model_id)
    return made


def _newest_verdicts(model_id: int | None = None) -> dict[int, tuple[int, datetime]]:
    """Return the run that was judged last, and when, for each model (or one)."""
    runs = Run.objects.filter(current=True, state__in=VERDICTS, finished_at__isnull=False)
    if model_id is not None:
        runs = runs.filter(window__check_ref__model_id=model_id)
    rows = (
        runs.order_by("window__check_ref__model_id", "-finished_at", "-pk")
        .distinct("window__check_ref__model_id")
        .values_list("window__check_ref__model_id", "pk", "finished_at")
    )
    return {model: (run, ended) for model, run, ended in rows if ended is not None}


def _pending(at: datetime) -> Iterator[Pending]:
    candidates = in_force.candidates()
    if not candidates:
        return
    newest = _newest_verdicts()
    judging = set(
        Run.objects.filter(state__in=OPEN_STATES).values_list(
            "window__check_ref__model_id", flat=True
        )
    )
    decided = set(
        Decision.objects.filter(trigger_run_id__in=[run for run, _ in newest.values()]).values_list(
            "policy_version_id", "model_id", "trigger_run_id"
        )
    )
    models = RegisteredModel.objects.select_related("unit").order_by("pk")
    if all(candidate.longest_age is None for candidate in candidates):
        models = models.filter(pk__in=newest)
    quiet: dict[RegisteredModel, Candidate] = {}
    for model in models:
        chosen = choose(candidates, in_force.subject(model))
        if chosen is None:
            continue
        run, ended = newest.get(model.pk, (None, at))
        if run is None or (chosen.version_id, model.pk, run) in decided:
            # What is being judged leads to a decision of its own, which looks at the cadence too.
            if model.pk not in judging and model.lifecycle not in GONE:
                quiet[model] = chosen
        elif model.pk not in judging or at - ended >= PATIENCE:
            yield Pending(model.pk, chosen.version_id, run_id=run)
    for model, moment in overdue.asking(quiet, at=at).items():
        yield Pending(model.pk, quiet[model].version_id, cadence_due=moment)


def _decide_one(item: Pending, at: datetime) -> int:
    with transaction.atomic():
        # The lock keeps two workers from both spending the last retraining of a budget.
        model = (
            RegisteredModel.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("unit")
            .filter(pk=item.model_id)
            .first()
        )
        if model is None or not _still_pending(item):
            return 0
        version = PolicyVersion.objects.select_related("policy").get(pk=item.policy_version_id)
        runs = Run.objects.select_related("window")
        trigger = None if item.run_id is None else runs.get(pk=item.run_id)
        spec = PolicySpec.model_validate(version.spec)
        seen = facts.gather(model, trigger=trigger, spec=spec)
        if item.run_id is None and not _cadence_still_asks(item, seen, spec, at):
            return 0
        decided = decide(seen, spec, at)
        before = Decision.objects.filter(model=model).order_by("-at", "-pk").first()
        row = Decision.objects.create(
            policy_version=version,
            model=model,
            trigger_run_id=item.run_id,
            cadence_due=item.cadence_due,
            action=decided.action,
            reasons=list(decided.reasons),
            facts={"seen": to_json(seen), "inputs": decided.inputs},
            at=at,
        )
        if row.action == Decision.Action.RETRAIN:
            request(row, spec, at)
        tell(model, decided, at)
        _record(model, version, decided, before, at)
    return 1


def _still_pending(item: Pending) -> bool:
    if item.run_id is None:
        mine = Decision.objects.filter(
            policy_version_id=item.policy_version_id, model_id=item.model_id
        )
        return not mine.filter(at__gte=item.cadence_due).exists()
    newest = _newest_verdicts(item.model_id).get(item.model_id)
    return (
        newest is not None
        and newest[0] == item.run_id
        and not Decision.objects.filter(
            policy_version_id=item.policy_version_id,
            model_id=item.model_id,
            trigger_run_id=item.run_id,
        ).exists()
    )


def _cadence_still_asks(item: Pending, seen: Facts, spec: PolicySpec, at: datetime) -> bool:
    moment = cadence.asked_at(cadence.start(seen), cadence.longest(spec), at)
    return moment == item.cadence_due and not seen.windows_open


def request(decision: Decision, spec: PolicySpec, at: datetime) -> None:
    """Owe the trainer the request."""
    Job.objects.create(
        decision=decision,
        model=decision.model,
        trainer=Trainer.objects.get(slug=spec.trainer or ""),
        requested_at=at,
        due_at=at,
        times_out_at=at + timedelta(hours=spec.timeout_hours),
    )


def tell(model: RegisteredModel, decided: Decided, at: datetime) -> None:
    """Write the decision on the model's open alerts; the sender renders what stands there."""
    text = _LEADS[Decision.Action(decided.action)] + decided.reasons[0]
    # What happened in MLflow itself is nothing that retraining answers.
    alerts = Alert.objects.filter(model=model, check_ref__isnull=False)
    alerts = alerts.exclude(state=AlertState.RESOLVED).order_by("pk")
    AlertNote.objects.bulk_create(
        [AlertNote(alert=alert, kind=NOTE, text=_short(text), at=at) for alert in alerts],
        update_conflicts=True,
        unique_fields=["alert", "kind"],
        update_fields=["text", "at"],
    )


def _short(text: str, length: int = 500) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _record(
    model: RegisteredModel,
    version: PolicyVersion,
    decided: Decided,
    before: Decision | None,
    at: datetime,
) -> None:
    held = before is not None and before.action == Decision.Action.HOLD
    holds = decided.action == Decision.Action.HOLD
    happened = []
    if held != holds:
        happened.append("retraining.held" if holds else "retraining.released")
    if decided.action == Decision.Action.RETRAIN:
        happened.append("retraining.requested")
    for action in happened:
        audit.record(
            SYSTEM,
            action,
            model,
            at=at,
            unit=model.unit,
            after={"action": decided.action, "policy": f"{version.policy.slug}@{version.number}"},
            reason=_short(decided.reasons[0]),
        )
