"""Turn the JSON of a check or a contract into a typed spec, or say what is wrong and where."""

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from monitoring.checks.fairness_shapes import FairnessSpec
from monitoring.checks.performance_shapes import PerformanceSpec
from monitoring.checks.shapes import ContractSpec, DataSpec, MetricSpec
from monitoring.checks.skew_shapes import SkewSpec
from registry import bodies, remedies
from registry.problems import invalid

CheckSpec = DataSpec | PerformanceSpec | MetricSpec | FairnessSpec | SkewSpec
_BY_KIND: dict[str, type[CheckSpec]] = {
    "data": DataSpec,
    "performance": PerformanceSpec,
    "metric": MetricSpec,
    "fairness": FairnessSpec,
    "skew": SkewSpec,
}


def parse_check(kind: str, spec: dict[str, Any]) -> CheckSpec:
    """Return the typed spec of a check of this kind."""
    shape = _BY_KIND.get(kind)
    if shape is None:
        fix = ", ".join(_BY_KIND)
        raise invalid("/kind", "unknown_kind", f"there is no kind of check '{kind}'", fix)
    return bodies.parse(shape, spec, at="/spec")


def parse_contract(spec: dict[str, Any]) -> ContractSpec:
    """Return the typed contract."""
    return bodies.parse(ContractSpec, spec)


def stored_check(kind: str, spec: dict[str, Any]) -> CheckSpec:
    """Return the typed spec of a check as it is stored."""
    return _BY_KIND[kind].model_validate(spec, strict=False)


def usual(kind: str) -> dict[str, Any]:
    """Return what a check of this kind says where nobody said anything, as it is stored."""
    shape = _BY_KIND[kind]
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in shape.model_fields.items()
        if not field.is_required()
    }
    return dict(to_jsonable_python(defaults))


def allowed(kind: str, *place: str) -> str:
    """Return in words what may stand at this place of a spec."""
    return remedies.remedy(_BY_KIND[kind], place)


def as_json(spec: BaseModel) -> dict[str, Any]:
    """Return what is stored of a spec: every field, so that a later default changes nothing."""
    return spec.model_dump(mode="json")


def merged_spec(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a spec with the changes laid over it: objects key by key, lists as a whole.

    A key given as null is taken out of an object, so that a `features` entry can go again.
    """
    after = dict(before)
    for name, value in changes.items():
        known = before.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            inner = {key: part for key, part in value.items() if part is not None}
            kept = {key: part for key, part in known.items() if key not in value}
            after[name] = kept | inner
        else:
            after[name] = value
    return after
