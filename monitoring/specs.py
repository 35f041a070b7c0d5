"""Turn the JSON of a check or a contract into a typed spec, or say what is wrong and where."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitoring.checks.shapes import ContractSpec, DataSpec, MetricSpec, PerformanceSpec
from registry.problems import FieldError, Invalid, invalid

Spec = TypeVar("Spec", bound=BaseModel)
CheckSpec = DataSpec | PerformanceSpec | MetricSpec
_BY_KIND: dict[str, type[CheckSpec]] = {
    "data": DataSpec,
    "performance": PerformanceSpec,
    "metric": MetricSpec,
}


def parse_check(kind: str, spec: dict[str, Any]) -> CheckSpec:
    """Return the typed spec of a check of this kind."""
    shape = _BY_KIND.get(kind)
    if shape is None:
        fix = "data, performance or metric"
        raise invalid("/kind", "unknown_kind", f"there is no kind of check '{kind}'", fix)
    return _parse(shape, spec, "/spec")


def parse_contract(spec: dict[str, Any]) -> ContractSpec:
    """Return the typed contract."""
    return _parse(ContractSpec, spec, "")


def as_json(spec: BaseModel) -> dict[str, Any]:
    """Return what is stored of a spec: every field, so that a later default changes nothing."""
    return spec.model_dump(mode="json")


def _parse(shape: type[Spec], spec: Any, root: str) -> Spec:
    try:
        return shape.model_validate(spec)
    except ValidationError as error:
        raise Invalid(*(_field(found, root) for found in error.errors())) from error


def _field(found: Any, root: str) -> FieldError:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in found["loc"])
    pointer = "/".join([root, *parts]) or "/"
    detail = str(found["msg"]).removeprefix("Value error, ")
    expected = (found.get("ctx") or {}).get("expected")
    return FieldError(pointer, str(found["type"]), detail, f"one of {expected}" if expected else "")
