"""Judge the controls of models that are due, and keep a row for each change and each night."""

import json
from datetime import UTC, datetime
from typing import Any

from policies import due
from policies.compliance import catalogue, facts
from policies.compliance.judgement import judge_all
from policies.models import ControlResult, Evaluation
from registry.models import RegisteredModel


def evaluate_due(*, at: datetime, seconds: float) -> int:
    """Evaluate the controls of due models for at most `seconds`; return how many rows are new."""
    return due.drain(Evaluation.Kind.CONTROLS, _evaluate, at=at, seconds=seconds)


def _evaluate(model_id: int, at: datetime) -> int:
    model = RegisteredModel.objects.select_related("unit", "owner", "deputy").get(pk=model_id)
    in_force = catalogue.current()
    newest = latest_results(model)
    rows = []
    for control, finding in judge_all(in_force, facts.gather(model, at=at), at=at).items():
        row = ControlResult(
            model=model,
            control=control,
            catalogue_version=in_force.version,
            result=finding.result,
            reason=finding.reason,
            facts=json.loads(json.dumps({"seen": finding.seen, "mend": finding.mend}, default=str)),
            at=at,
            holds_until=finding.holds_until,
        )
        if control not in newest or _differs(newest[control], row):
            rows.append(row)
    return len(ControlResult.objects.bulk_create(rows))


def latest_results(model: RegisteredModel) -> dict[str, ControlResult]:
    """Return the newest row of each control of a model."""
    rows = ControlResult.objects.filter(model=model)
    newest = rows.order_by("control", "-at", "-pk").distinct("control")
    return {row.control: row for row in newest}


def _differs(before: ControlResult, now: ControlResult) -> bool:
    # Once a day the same result is written again: proof that somebody looked.
    nightly = before.at.astimezone(UTC).date() != now.at.astimezone(UTC).date()
    return nightly or _content(before) != _content(now)


def _content(row: ControlResult) -> tuple[Any, ...]:
    return row.catalogue_version, row.result, row.reason, row.holds_until
