"""What is found: shifts of known size by method, and the fleet's scripts against Evidently."""

import json
import os
import subprocess
import sys
from typing import Any

from monitoring.judging.__main__ import SINGLE

# No server is needed: the judge's own function looks at each week of each model of the fleet.
NO_SERVERS = True


def run() -> dict[str, float]:
    """Count over the fleet, then over simulated shifts; `BENCH_ONLY_FLEET=1` ends before them."""
    fleet = _of("bench.drifting.fleet")
    for line in fleet["wrong"]:
        print(f"not as scripted: {line}", file=sys.stderr)
    weeks = fleet["quiet_weeks"]
    figures = {
        "precision": round(fleet["true_alerts"] / max(1, fleet["alerts"]), 4),
        "recall": round(fleet["found"] / max(1, fleet["wanted"]), 4),
        "false_alarms_per_model_week": round(fleet["false_alarms"] / weeks, 4),
        "evidently_false_alarms_per_model_week": round(fleet["evidently_windows"] / weeks, 4),
        "evidently_dataset_alarms_per_model_week": round(fleet["evidently_datasets"] / weeks, 4),
        "bad_windows_per_quiet_model_week": round(fleet["false_windows"] / weeks, 4),
        "models": float(fleet["wanted"] + weeks / 13),
    }
    if not os.environ.get("BENCH_ONLY_FLEET"):
        figures |= _of("bench.drifting.simulated")
    return figures


def _of(module: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", module],
        check=True,
        env={**os.environ, **SINGLE},
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
