"""The model page's record as plain rows: who it is, its versions and how they compare."""

from datetime import datetime
from typing import Any

from dashboard import words
from registry.models import ModelEvent, ModelVersion, RegisteredModel, SourceModel


def identity(model: RegisteredModel, source: SourceModel | None, now: datetime) -> dict[str, Any]:
    """Return who and what the model is."""
    server = source.server if source else model.mlflow_server
    return {
        "facts": [
            ("Unit", model.unit.name),
            ("Owner", f"{model.owner.name} ({model.owner.email})"),
            (
                "Deputy",
                f"{model.deputy.name} ({model.deputy.email})" if model.deputy else words.DASH,
            ),
            ("Purpose", model.purpose),
            ("Task", model.get_task_display()),
            ("Part in the decision", model.get_decision_role_display()),
            ("Jurisdictions", ", ".join(model.jurisdictions) or words.DASH),
            ("Tags", ", ".join(model.tags) or words.DASH),
            ("MLflow model", _mlflow_name(model, source, server)),
            ("Identity", str(model.uuid)),
        ],
        "tier": words.tier(model.tier),
        "tier_reasons": model.tier_reasons or ["No question is answered yet, so the worst counts."],
        "lifecycle": model.get_lifecycle_display(),
        "fault": _server_fault(server, now),
        "unclaimed": bool(model.mlflow_name) and source is None,
        "absent": source.get_presence_display() if source and source.presence != "present" else "",
    }


def _mlflow_name(model: RegisteredModel, source: SourceModel | None, server: Any) -> str:
    name = source.name if source else model.mlflow_name
    return f"{name} on {server.slug}" if server and name else words.DASH


def _server_fault(server: Any, now: datetime) -> str:
    if server is None or not server.fault:
        return ""
    since, seen = words.moment(server.fault_since), words.moment(server.swept_at)
    return f"MLflow did not answer since {since}; what is shown is from {seen}. {server.fault}"


def version(row: ModelVersion, aliases: dict[str, int]) -> dict[str, Any]:
    """Return a version with its aliases and what can be known of it."""
    held = sorted(alias for alias, number in aliases.items() if number == row.number)
    return {
        "number": row.number,
        "aliases": held,
        "created": words.moment(row.created_at),
        "run": row.run_id[:8],
        "digest": row.digest[:12],
        "datasets": ", ".join(str(item.get("name", "")) for item in row.datasets[:3]),
        "fault": row.evidence_fault,
        "integrity": _integrity(row),
        "is_sound": not row.integrity_faults,
        "gone": row.deleted_at is not None,
    }


_BROKEN = {
    ModelEvent.Kind.ARTIFACT_CHANGED: "files are not those recorded",
    ModelEvent.Kind.RUN_DELETED: "training run deleted",
    ModelEvent.Kind.LOGGED_MODEL_DELETED: "logged model deleted",
}


def _integrity(row: ModelVersion) -> str:
    """Say whether the version still is what was recorded, and as of when that is known."""
    if row.integrity_faults:
        return "; ".join(_BROKEN.get(kind, kind) for kind in sorted(row.integrity_faults))
    if row.integrity_checked_at is None:
        return "not compared yet"
    return f"as recorded, {words.moment(row.integrity_checked_at)}"


def compare(champion: ModelVersion | None, challenger: ModelVersion | None) -> list[dict[str, str]]:
    """Return the metrics of champion and challenger side by side."""
    if champion is None or challenger is None:
        return []
    rows = []
    for key in sorted(champion.metrics.keys() | challenger.metrics.keys())[:40]:
        old, new = (_metric(v, key) for v in (champion, challenger))
        difference = "" if old is None or new is None else f"{new - old:+.3g}"
        shown = [words.number(value) for value in (old, new)]
        rows.append(
            {
                "key": key,
                "champion": shown[0],
                "challenger": shown[1],
                "by": difference.replace("+nan", ""),
            }
        )
    return rows


def _metric(version: ModelVersion, key: str) -> float | None:
    value = version.metrics.get(key)
    try:
        found = float(value["value"] if isinstance(value, dict) else value)
    except (TypeError, ValueError, KeyError):
        return None
    return found
