"""Collect the values of a record's fields from where each is held."""

from collections.abc import Mapping
from typing import Any

from registry.models import RegisteredModel
from registry.record.completeness import COMPUTED, MLFLOW, TYPED, Held
from registry.record.fields import RecordField, fields

_RISK = ("harm", "method", "data", "change", "build", "bias")


def said(model: RegisteredModel) -> dict[str, Any]:
    """Return what tags and rulebooks look at, as a revision of the model would keep it."""
    return {
        "jurisdictions": model.jurisdictions,
        "decision_role": str(model.decision_role),
        "lifecycle": str(model.lifecycle),
        "tier_answers": model.tier_answers,
        "record": model.record,
    }


def held(
    model: RegisteredModel, mlflow: Mapping[str, Any], computed: Mapping[str, Any]
) -> dict[str, Held]:
    """Return every value by field; `mlflow` and `computed` are what others found."""
    columns, answers = _columns(model), _answers(model)
    found = {}
    for item in fields():
        value = _value(item, model.record, columns, answers, mlflow, computed)
        if value is not None:
            found[item.key] = value
    return found


def _value(
    item: RecordField,
    record: Mapping[str, Any],
    columns: Mapping[str, Any],
    answers: Mapping[str, Any],
    mlflow: Mapping[str, Any],
    computed: Mapping[str, Any],
) -> Held | None:
    places = {
        "column": [(columns, TYPED)],
        "answers": [(answers, TYPED)],
        "record": [(record, TYPED)],
        "hybrid": [(record, TYPED), (mlflow, MLFLOW)],
        "mlflow": [(mlflow, MLFLOW)],
        "computed": [(computed, COMPUTED)],
    }[item.held]
    for values, source in places:
        if values.get(item.key) is not None:
            return Held(values[item.key], source)
    return None


def _columns(model: RegisteredModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "description": model.description,
        "business_unit": model.unit.name,
        "purpose": model.purpose,
        "decision_role": str(model.decision_role),
        "jurisdictions": list(model.jurisdictions),
        "owner": model.owner.email,
        "deputy": model.deputy.email if model.deputy else None,
        "lifecycle": str(model.lifecycle),
    }


def _answers(model: RegisteredModel) -> dict[str, Any]:
    given = model.tier_answers
    risk = {key: given[key] for key in _RISK if given.get(key) is not None}
    return {
        "exposure": given.get("exposure"),
        "purpose_class": given.get("purpose"),
        "inherent_risk": risk if len(risk) == len(_RISK) else None,
        "reliance": given.get("reliance"),
    }
