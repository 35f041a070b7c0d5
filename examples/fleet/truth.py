"""What was scripted for each model, as data that verdicts can be held against.

python -m examples.fleet.truth          writes truth.json beside this file
python -m examples.fleet.truth --check  says whether it still agrees with the catalogue
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from examples.fleet.catalogue import MODELS
from examples.fleet.fairness import limits_of
from examples.fleet.specification import PIPELINE_FAULTS, QUIET, ModelSpec
from examples.fleet.worlds.world import WEEKS

PLACE = Path(__file__).with_name("truth.json")
# Which check must say what, and the alert that has to come of it.
SIGNS = {
    "gradual": ("data", "drift"),
    "sudden": ("data", "drift"),
    "segment": ("data", "drift"),
    "concept": ("performance", "breach"),
    "latency": ("latency", "breach"),
    "unfair": ("fairness", "breach"),
    **{kind: ("data", state) for kind, state in PIPELINE_FAULTS.items()},
}


def truth_of(spec: ModelSpec) -> dict[str, Any]:
    """Say what Muster should find with one model."""
    kind = spec.script.kind
    told: dict[str, Any] = {
        "slug": spec.slug,
        "unit": spec.unit,
        "owner": spec.owner,
        "kind": kind,
        "real_data": spec.real,
        "checks": _checks(spec),
        "data": [_data_state(spec, number) for number in range(1, WEEKS + 1)],
        "alert": "must_not" if kind in QUIET else "must" if kind in SIGNS else "may",
    }
    if kind not in QUIET:
        told |= {"from_window": spec.script.first, "to_window": spec.script.last}
    if kind in SIGNS:
        told["alert_check"], told["alert_condition"] = SIGNS[kind]
    if limits_of(spec):
        # Elsewhere the groups differ by chance only.
        told["fairness"] = "must_alert" if kind == "unfair" else "must_not_alert"
    if kind == "late_batch":
        told["missed_first"] = spec.script.first
    return told


def truth() -> dict[str, Any]:
    """Say it for the whole catalogue; repeated models follow the one they repeat."""
    return {"windows": WEEKS, "models": [truth_of(spec) for spec in MODELS]}


def as_text() -> str:
    """Write it down, a line per model, so that a change shows which model it is about."""
    told = truth()
    lines = ",\n".join(json.dumps(model) for model in told["models"])
    return f'{{"windows": {told["windows"]}, "models": [\n{lines}\n]}}\n'


def _checks(spec: ModelSpec) -> list[str]:
    held = {
        "data": True,
        "performance": spec.limit is not None,
        "latency": spec.latency is not None,
        "fairness": bool(limits_of(spec)),
    }
    return [name for name, there in held.items() if there]


def _data_state(spec: ModelSpec, number: int) -> str:
    """Name the states that the data check of a window may have, with | between them."""
    script = spec.script
    if not script.covers(number):
        return "ok"
    if script.kind in PIPELINE_FAULTS:
        return PIPELINE_FAULTS[script.kind]
    if script.kind == "gradual" and number < script.settled:
        return "ok|drift"
    return "drift" if SIGNS.get(script.kind, ("", ""))[1] == "drift" else "ok"


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    if "--check" not in arguments:
        PLACE.write_text(as_text(), encoding="utf-8")
        return 0
    same = PLACE.exists() and PLACE.read_text(encoding="utf-8") == as_text()
    if not same:
        print("truth.json is not what the catalogue says: python -m examples.fleet.truth")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
