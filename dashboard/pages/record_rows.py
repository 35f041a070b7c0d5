"""The record's page as plain rows and words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard import words
from dashboard.words import Mark
from registry import access, overrides, tiering, tiers
from registry.access import Right
from registry.actors import Actor
from registry.assessment import Assessed
from registry.models import RegisteredModel
from registry.record.completeness import Gap, is_filled
from registry.record.fields import fields
from registry.record.fields import groups as group_names
from registry.scope import Determination

_SOURCES = {"typed": "typed", "mlflow": "from MLflow", "computed": "computed"}
_RESULTS = {
    "in": Mark("●", "in scope", "info"),
    "out": Mark("○", "out of scope", "paused"),
    "not_applicable": Mark("·", "not applicable", "paused"),
    "unknown": Mark("?", "not known", "unknown"),
}
_MISSING = Mark("○", "missing", "unknown")
_OVERDUE = Mark("▲", "overdue", "watch")
_SHOWN = 12


def completeness(found: Assessed) -> dict[str, Any]:
    """Return how complete the record is, in words and as a share."""
    state = found.completeness
    said = f"{state.filled} of {state.wanted} asked-for fields are filled"
    if state.overdue:
        said += f"; {state.overdue} {'is' if state.overdue == 1 else 'are'} overdue"
    if state.next_due:
        said += f"; the next is due {words.day(state.next_due)}"
    brief = f"record {state.filled} of {state.wanted}"
    brief += f", {state.overdue} overdue" if state.overdue else ""
    return {"said": said, "brief": brief, "filled": state.filled, "wanted": state.wanted}


def groups(found: Assessed, now: datetime) -> list[dict[str, Any]]:
    """Return the fields by group: values with their source, gaps, and what is not asked for."""
    gaps = {gap.field: gap for gap in found.completeness.gaps}
    shown = []
    for name in group_names():
        rows: list[dict[str, Any]] = []
        quiet: list[str] = []
        for item in fields():
            if item.group != name:
                continue
            held = found.facts.held.get(item.key)
            if held is not None and is_filled(held):
                lines = value(held.value)
                rows.append({"label": item.label, "lines": lines, "from": _SOURCES[held.source]})
            elif item.key in gaps:
                rows.append({"label": item.label, "gap": _gap(gaps[item.key])})
            else:
                quiet.append(item.label)
        typed = any(item.group == name and item.is_typed for item in fields())
        missing = sum("gap" in row for row in rows)
        shown.append(
            {
                "name": name,
                "key": name.lower(),
                "rows": rows,
                "quiet": quiet,
                "typed": typed,
                "missing": missing,
            }
        )
    return shown


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "mark": _OVERDUE if gap.overdue else _MISSING,
        "why": gap.why[:1].upper() + gap.why[1:],
        "who": gap.who,
        "due": words.day(gap.due),
        "mend": gap.mend if gap.mend.startswith("Log it") else "",
    }


def value(found: Any) -> list[str]:
    """Turn any value of a record into lines of words."""
    if isinstance(found, Mapping):
        return [f"{_name(key)}: {_inline(inner)}" for key, inner in found.items()]
    if isinstance(found, list):
        if any(isinstance(part, Mapping) for part in found):
            lines = [_inline(part) for part in found[:_SHOWN]]
            more = len(found) - _SHOWN
            return [*lines, f"and {more} more"] if more > 0 else lines
        return [", ".join(map(_word, found))]
    return [_word(found)]


def _inline(found: Any) -> str:
    if isinstance(found, Mapping):
        return ", ".join(f"{_name(key)}: {_inline(inner)}" for key, inner in found.items())
    if isinstance(found, list):
        return "; ".join(map(_inline, found))
    return _word(found)


def _name(key: Any) -> str:
    return str(key).replace("_", " ")


def _word(found: Any) -> str:
    if isinstance(found, bool):
        return "yes" if found else "no"
    text = str(found)
    return text.replace("_", " ") if text.isidentifier() and text.islower() else text


def rulebook(row: Determination) -> dict[str, Any]:
    """Return one rulebook as the page shows it."""
    made = row.decision
    decided = made and {
        "mark": _RESULTS[made.result],
        "by": made.by.name if made.by else "",
        "at": words.moment(made.at),
        "reason": made.reason,
    }
    return {
        "id": row.pack.id,
        "title": row.pack.title,
        "status": row.status,
        "stages": row.pack.stages,
        "mark": _RESULTS[row.result],
        "computed": _RESULTS[row.computed],
        "why": row.computed_reason,
        "decided": decided,
        "differs": row.differs,
        "reopened": row.reopened,
        "version": row.pack.version,
    }


def tier(actor: Actor, model: RegisteredModel, *, at: datetime) -> dict[str, Any]:
    """Return the tier with its reasons, and the override with who may do what."""
    override = overrides.open_one(model)
    found: dict[str, Any] = {
        "name": words.tier(model.tier),
        "computed": words.tier(model.computed_tier),
        "differs": model.tier != model.computed_tier,
        "reasons": model.tier_reasons,
        "rule": tiering.RULE_VERSION,
    }
    if override is not None:
        holds = overrides.holds(override, model.computed_tier, at=at)
        waits = overrides.is_lighter(override, model.computed_tier) and not override.approved_at
        approver = access.can(actor, Right.APPROVE, model.unit)
        found["override"] = {
            "id": override.pk,
            "name": words.tier(override.tier),
            "state": "in force" if holds else "waits for an approver",
            "asked": f"{override.requested_by.name}, {words.moment(override.requested_at)}",
            "approved": override.approved_by.name if override.approved_by else "",
            "ends": words.day(override.ends_at) if override.ends_at else "",
            "reason": override.reason,
            "waits": waits,
            "conflict": tiers.conflict(actor, model, override) if waits and approver else "",
            "may_approve": waits and approver,
        }
    return found
