"""The model page's rules as plain rows: policy, gate, controls, contract, sources and checks."""

from datetime import datetime
from typing import Any

from dashboard import policy_words, words
from monitoring.models import Check, CheckVersion, ContractVersion, Source
from policies.compliance import catalogue
from policies.models import ControlResult, Decision, GateResult, Job
from policies.retraining.in_force import policy_of
from registry.models import RegisteredModel

ACTIONS = {
    "retrain": words.Mark("↻", "retrain", "info"),
    "hold": words.Mark("‖", "hold", "watch"),
    "wait": words.Mark("◌", "wait", "info"),
    "none": words.Mark("●", "nothing to do", "ok"),
}


def policy(model: RegisteredModel) -> dict[str, Any] | None:
    """Return the retraining policy in force for the model, in words."""
    found = policy_of(model)
    if found is None:
        return None
    rules = policy_words.rules(found.spec)
    return {"slug": found.policy.slug, "number": found.number, "rules": rules}


def decision(model: RegisteredModel, row: Decision) -> dict[str, Any]:
    """Return what a policy decided and why."""
    run = row.trigger_run
    return {
        "mark": ACTIONS[row.action],
        "policy": row.policy_version.policy.slug,
        "number": row.policy_version.number,
        "reasons": row.reasons,
        "at": words.moment(row.at),
        "window": words.window(run.window.start, run.window.end) if run else "",
        "run": f"/m/{model.slug}/runs/{run.pk}/" if run else "",
    }


def job(row: Job) -> dict[str, Any]:
    """Return a retraining that was asked for."""
    result = row.result_version
    return {
        "state": row.get_state_display().lower(),
        "trainer": row.trainer.slug,
        "at": words.moment(row.requested_at),
        "result": f"version {result.number}" if result else "",
        "error": row.error,
        "uuid": str(row.uuid),
    }


def gate(row: GateResult) -> dict[str, Any]:
    """Return one line of the gate's check list."""
    return {
        "mark": words.result(row.result),
        "name": words.sentence(row.control),
        "why": row.reason,
    }


def control(row: ControlResult) -> dict[str, Any]:
    """Return one compliance control."""
    return {
        "mark": words.result(row.result),
        "id": row.control,
        "title": entry.title if (entry := catalogue.current().entry(row.control)) else "",
        "why": row.reason,
        "at": words.moment(row.at),
        "until": words.day(row.holds_until) if row.holds_until else "",
    }


def contract(row: ContractVersion | None) -> dict[str, Any]:
    """Return what a batch must look like, column by column."""
    if row is None:
        return {}
    columns = row.spec.get("columns", {})
    shown = columns.items() if isinstance(columns, dict) else []
    return {
        "number": row.number,
        "by": row.by.name if row.by else "learned from the reference",
        "at": words.moment(row.at),
        "columns": [(name, _rules(rules)) for name, rules in list(shown)[:60]],
        "count": len(columns),
    }


def _rules(rules: Any) -> str:
    if not isinstance(rules, dict):
        return str(rules)
    parts = []
    for key, value in rules.items():
        if value is None or value == [] or value == "":
            continue
        shown = value
        if isinstance(value, list):
            more = f" and {len(value) - 5} more" if len(value) > 5 else ""
            shown = ", ".join(words.number(item) for item in value[:5]) + more
        elif isinstance(value, int | float):
            shown = words.number(value)
        parts.append(f"{key.replace('_', ' ')} {shown}")
    return "; ".join(parts)


def source(row: Source, now: datetime) -> dict[str, Any]:
    """Return where batches land and whether it could be read."""
    return {
        "name": row.name,
        "address": row.address,
        "format": row.get_format_display() if row.kind == Source.Kind.FOLDER else "SQL",
        "kind": row.get_kind_display().lower(),
        "takes_files": row.kind == Source.Kind.UPLOAD,
        "scanned": words.age(row.scanned_at, now),
        "fault": row.fault,
        "since": words.moment(row.fault_since),
    }


def check(row: Check, version: CheckVersion | None) -> dict[str, Any]:
    """Return a check in one line."""
    spec = version.spec if version else {}
    when = spec.get("when") or {}
    rule = f"{when.get('bad', '?')} of {when.get('of', '?')} windows" if when else ""
    return {
        "slug": row.slug,
        "kind": row.get_kind_display(),
        "every": f"every {spec.get('every_days', '?')} days",
        "rule": rule,
        "version": version.number if version else words.DASH,
        "paused": row.paused,
    }
