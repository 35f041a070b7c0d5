"""Say which part of MLflow's model fills which field of a record, and with what when it is empty.

An expression is `tag:KEY` (a tag's value), `name`, `description`, or any other text as it is.
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from registry.bodies import Body, Change
from registry.models import SourceModel
from registry.problems import FieldError

Expression = Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True)]
REQUIRED = ("name", "business_unit", "owner", "purpose", "task", "decision_role")
_LISTS = ("jurisdictions", "tags")
_TAG = "tag:"
_CHOICES = ("task", "lifecycle", "decision_role")
_LONGEST_NAME = 120


class Wishes(Body):
    """One text a field: an expression in `map`, a plain value in `defaults`."""

    name: Expression | None = None
    business_unit: Expression | None = None
    owner: Expression | None = None
    deputy: Expression | None = None
    purpose: Expression | None = None
    description: Expression | None = None
    task: Expression | None = None
    lifecycle: Expression | None = None
    decision_role: Expression | None = None
    jurisdictions: Expression | None = None
    tags: Expression | None = None


FIELDS = tuple(Wishes.model_fields)


class Selection(Body):
    """Which of the unregistered models are meant when none is named."""

    q: str = Field(default="", max_length=200)
    tag: list[str] = Field(default=[], max_length=20)
    alias: str = Field(default="", max_length=255)
    bu: str = Field(default="", max_length=60)
    older_than_days: int = Field(default=0, ge=0, le=36_500)


class MLflowImport(Change):
    """An import from MLflow; without `models` it takes all that have no record and match."""

    server: str = Field(min_length=1, max_length=60)
    models: list[Annotated[str, Field(min_length=1, max_length=300)]] | None = Field(
        default=None, max_length=5_000
    )
    select: Selection = Selection()
    map: Wishes = Wishes()
    defaults: Wishes = Wishes()
    dry_run: bool = False


def value_of(expression: str, source: SourceModel) -> str:
    """Return what an expression says about one model of MLflow."""
    if expression.startswith(_TAG):
        return str(source.tags.get(expression.removeprefix(_TAG).strip(), "")).strip()
    if expression == "description":
        return source.description.strip()
    return source.name if expression == "name" else expression


def body_of(source: SourceModel, wanted: MLflowImport, *, new: bool) -> dict[str, Any]:
    """Return the body for `put_model`; a known model gets only what the map itself gives."""
    body: dict[str, Any] = {}
    for field in FIELDS:
        expression, default = getattr(wanted.map, field), getattr(wanted.defaults, field)
        value = value_of(expression, source) if expression else ""
        if not value and new:
            value = default or ("" if field != "name" else source.name)
        if value:
            body[field] = _shaped(field, value)
    if new:
        body["mlflow"] = {"server": wanted.server, "model": source.name}
    if wanted.change_reason:
        body["change_reason"] = wanted.change_reason
    return body


def _shaped(field: str, value: str) -> Any:
    if field in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if field in _CHOICES:
        return value.lower().replace(" ", "_").replace("-", "_")
    return value[:_LONGEST_NAME].strip() if field == "name" else value


def absent(body: dict[str, Any], wanted: MLflowImport) -> list[FieldError]:
    """Name each field that a new model needs and that neither map nor defaults fill."""
    return [
        FieldError(f"/{field}", "required", _empty(getattr(wanted.map, field)), _remedy(field))
        for field in REQUIRED
        if field not in body
    ]


def _empty(expression: str | None) -> str:
    if expression and expression.startswith(_TAG):
        return f"the model has no tag '{expression.removeprefix(_TAG)[:60]}' in MLflow"
    if expression:
        return f"the model's {expression[:60]} in MLflow is empty"
    return "a new model needs this"


def _remedy(field: str) -> str:
    return f"give map.{field} a tag that is set, or defaults.{field} a value"


def explained(fault: FieldError, wanted: MLflowImport) -> FieldError:
    """Add where a value came from that was not accepted."""
    field = fault.pointer.strip("/").partition("/")[0]
    expression = getattr(wanted.map, field, None) if field in FIELDS else None
    if not expression or fault.code == "required":
        return fault
    origin = f"it came from {expression[:60]}; correct it in MLflow or map the field otherwise"
    return FieldError(
        fault.pointer, fault.code, fault.detail, "; ".join(filter(None, (fault.fix, origin)))
    )
