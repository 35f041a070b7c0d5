"""Judge the versions that serve or want to, and keep a line for each change. Insert-only."""

import json
from datetime import datetime
from typing import Any

from policies import due
from policies.models import Evaluation, GateResult
from policies.releases import facts
from policies.releases.gates import GATES
from registry import queries
from registry.models import ModelUse, ModelVersion, RegisteredModel


def evaluate_due(*, at: datetime, seconds: float) -> int:
    """Evaluate the gates of due models for at most `seconds`; return how many lines are new."""
    return due.drain(Evaluation.Kind.GATES, _evaluate, at=at, seconds=seconds)


def _evaluate(model_id: int, at: datetime) -> int:
    model = RegisteredModel.objects.get(pk=model_id)
    use = model.uses.filter(is_default=True).first()
    if use is None:
        # Gates bind to a use; a model without one is not in use, and its record says so.
        return 0
    versions = {v.pk: v for v in (queries.champion(model), queries.challenger(model)) if v}
    return sum(evaluate_version(model, version, use, at=at) for version in versions.values())


def evaluate_version(
    model: RegisteredModel, version: ModelVersion, use: ModelUse, *, at: datetime
) -> int:
    """Judge one version for one use; return how many gates have something new to say."""
    seen = facts.gather(model, version)
    newest = latest_lines(version, use)
    lines = []
    for name, gate in GATES.items():
        finding = gate(seen)
        line = GateResult(
            version=version,
            use=use,
            digest=version.digest,
            control=name,
            result=finding.result,
            reason=finding.reason,
            facts=_plain({"seen": finding.seen, "mend": finding.mend}),
            at=at,
        )
        if name not in newest or _content(newest[name]) != _content(line):
            lines.append(line)
    return len(GateResult.objects.bulk_create(lines))


def latest_lines(version: ModelVersion, use: ModelUse) -> dict[str, GateResult]:
    """Return the newest line of each gate of a version."""
    rows = GateResult.objects.filter(version=version, use=use)
    newest = rows.order_by("control", "-at", "-pk").distinct("control")
    return {row.control: row for row in newest}


def _content(line: GateResult) -> tuple[Any, ...]:
    return line.digest, line.result, line.reason, line.facts


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    # As it will come back from the database, so that equal lines compare equal.
    found: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return found
