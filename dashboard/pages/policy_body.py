"""Between a policy's form and its body: one signal of each kind has fields of its own."""

import copy
from typing import Any

from dashboard import forms
from registry.problems import FieldError, Invalid, invalid

_FIELDS = {"drift_share": "drift", "metric_drop": "drop"}
NEW: dict[str, Any] = {
    "selector": {},
    "spec": {
        "signals": [{"signal": "drift_share", "at_least": 0.2, "windows": 2, "of": 3}],
        "cadence_days": 90,
        "cadence_grace_days": 10,
        "cooldown_days": 14,
        "max_per_quarter": 2,
        "hold_on_data_fault": True,
    },
}


def values(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a stored policy; the first signal of a kind counts."""
    found = forms.flat({"selector": stored["selector"], "spec": stored["spec"]})
    if stored is not NEW:
        found["whom"] = "some" if stored["selector"] else "all"
    for signal in reversed(stored["spec"].get("signals", [])):
        name = _FIELDS.get(signal.get("signal"))
        if name:
            found |= {f"{name}.{key}": value for key, value in signal.items()}
    return found


def body(given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Return the body for the operation: the form laid over what is stored."""
    old = stored["spec"].get("signals", [])
    signals = [_signal(kind, name, given, old) for kind, name in _FIELDS.items()]
    shown = {id(_first(old, kind)) for kind in _FIELDS}
    kept = [copy.deepcopy(signal) for signal in old if id(signal) not in shown]
    spec = {**given.get("spec", {}), "signals": [s for s in signals if s] + kept}
    if "timeout_hours" in stored["spec"]:
        spec["timeout_hours"] = stored["spec"]["timeout_hours"]
    selector = _selector(given, stored)
    found: dict[str, Any] = {"selector": selector, "spec": spec}
    if "business_unit" in given:
        found["business_unit"] = given["business_unit"]
    return found


def _selector(given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Return whom the policy is for; on the page that is always said, in the API it may be left."""
    selector = {key: value for key, value in given.get("selector", {}).items() if value}
    if stored["selector"].get("business_unit"):
        selector["business_unit"] = stored["selector"]["business_unit"]
    whom = given.get("whom")
    if whom not in ("all", "some"):
        fix = "choose all models, or only those that fit"
        raise invalid("/whom", "required", "it has to be said whom the policy is for", fix)
    if whom == "all" and selector:
        only = ", ".join(f"{key.replace('_', ' ')} {_plain(selector[key])}" for key in selector)
        fix = "choose only models that fit, or empty the fields below"
        raise invalid("/whom", "contradiction", f"all models, and yet only: {only}", fix)
    if whom == "some" and not selector:
        fix = "name models, a task, a tier or a tag; or choose all models"
        raise invalid("/whom", "required", "nothing below says which models fit", fix)
    return selector


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _first(signals: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    return next((signal for signal in signals if signal.get("signal") == kind), None)


def _signal(
    kind: str, name: str, given: dict[str, Any], old: list[dict[str, Any]]
) -> dict[str, Any] | None:
    fields = given.get(name, {})
    asked = fields.get("metric") if kind == "metric_drop" else fields.get("at_least")
    if asked is None:
        return None
    before = _first(old, kind) or {}
    return {"signal": kind, **{k: v for k, v in before.items() if k == "check"}, **fields}


def at_fields(error: Invalid | None) -> Invalid | None:
    """Move errors about signals to the fields they came from."""
    if error is None:
        return None
    return Invalid(*(FieldError(_place(e.pointer), e.code, e.detail, e.fix) for e in error.errors))


def _place(pointer: str) -> str:
    for kind, name in _FIELDS.items():
        marker = f"/{kind}/"
        if pointer.startswith("/spec/signals/") and marker in pointer:
            return f"/{name}/{pointer.split(marker, 1)[1]}"
    return pointer.replace("/slug", "/key", 1)
