"""The fields of an import's map: where each part of a record comes from, and what fills gaps."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.forms import Choices, Field, Group
from dashboard.shapes.settings import choices
from registry.models.models import DecisionRole, Lifecycle, Task

_MAPPED = (
    ("business_unit", "Unit"),
    ("owner", "Owner"),
    ("name", "Name"),
    ("purpose", "Purpose"),
    ("description", "Description"),
    ("task", "Task"),
    ("decision_role", "Part in the decision"),
    ("lifecycle", "Lifecycle"),
    ("tags", "Tags"),
)
# What the API calls a field, as the form and the table call it.
_LABELS = {name: label.lower() for name, label in _MAPPED} | {
    "deputy": "deputy",
    "jurisdictions": "jurisdictions",
    "slug": "short name",
    "mlflow/model": "model in MLflow",
    "mlflow/server": "server",
}


def labelled(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's result with its errors beside the fields' names on the page."""
    errors = [
        {**error, "pointer": f"/{_label(str(error['pointer']).strip('/'))}"}
        for error in result.get("errors", ())
    ]
    return {**result, "errors": errors}


def _label(place: str) -> str:
    return _LABELS.get(place) or _LABELS.get(place.partition("/")[0]) or place


def mapping(tags: Sequence[str], units: Choices) -> list[Group]:
    """Return the form of a map, with the tags that the chosen models carry."""
    origins = (
        ("", "nowhere: the fallback"),
        *((f"tag:{tag}", f"tag {tag}") for tag in tags),
        ("name", "MLflow's name"),
        ("description", "MLflow's description"),
    )
    none = (("", "none"),)
    return [
        Group(
            "Where each field comes from",
            tuple(
                Field(f"map.{name}", label, "select", choices=origins) for name, label in _MAPPED
            ),
        ),
        Group(
            "What fills it where that is empty (new models only)",
            (
                Field("defaults.business_unit", "Unit", "select", choices=(*none, *units)),
                Field("defaults.owner", "Owner", "email", "E-mail address."),
                Field("defaults.purpose", "Purpose"),
                Field("defaults.task", "Task", "select", choices=(*none, *choices(Task))),
                Field(
                    "defaults.decision_role",
                    "Part in the decision",
                    "select",
                    choices=(*none, *choices(DecisionRole)),
                ),
                Field(
                    "defaults.lifecycle",
                    "Lifecycle",
                    "select",
                    choices=(*none, *choices(Lifecycle)),
                ),
            ),
        ),
    ]


def guess(tags: Sequence[str], unit_tags: Sequence[str]) -> dict[str, str]:
    """Return a map to begin with: tags that are named like a field fill it."""
    found = {"map.purpose": "description", "map.name": "name"}
    for field, names in (
        ("business_unit", unit_tags),
        ("owner", ("muster.owner", "owner")),
        ("task", ("muster.task", "task")),
        ("purpose", ("muster.purpose", "purpose")),
        ("decision_role", ("muster.decision_role", "decision_role")),
    ):
        tag = next((name for name in names if name in tags), "")
        if tag:
            found[f"map.{field}"] = f"tag:{tag}"
    return {"defaults.task": "classification", "defaults.decision_role": "one_input", **found}
