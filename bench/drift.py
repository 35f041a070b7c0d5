"""The verdict on a batch: CPU against Evidently's report, against the least there is to do."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from monitoring.judging.__main__ import SINGLE

# No server is needed: the judge's own function is timed, in a process that is single-threaded
# and warm, as the judge is.
NO_SERVERS = True
SIZES = (1_000, 10_000, 100_000, 1_000_000)
_NAMES = {1_000: "1k", 10_000: "10k", 100_000: "100k", 1_000_000: "1m"}


def run() -> dict[str, float]:
    """Measure each size; `BENCH_SIZES=1000,10000` leaves the long ones out."""
    # Tried on 2026-11-22: its lightgbm and plotly did not install in two minutes.
    print("nannyml is left out: it did not install within two minutes", file=sys.stderr)
    given = os.environ.get("BENCH_SIZES")
    sizes = [int(size) for size in given.split(",")] if given else SIZES
    figures: dict[str, float] = {}
    difference = 0.0
    with tempfile.TemporaryDirectory(prefix="muster-drift-") as folder:
        for size in sizes:
            found = measured(Path(folder), size)
            name = _NAMES.get(size, str(size))
            figures |= {
                f"ratio_{name}": round(found["evidently"] / found["ours"], 1),
                f"ours_cpu_s_{name}": round(found["ours"], 4),
                f"evidently_cpu_s_{name}": round(found["evidently"], 2),
                f"limit_ratio_{name}": round(found["ours"] / found["limit"], 2),
                f"with_ids_limit_ratio_{name}": round(found["with_ids"] / found["limit"], 2),
            }
            difference = max(difference, found["difference"])
    return {**figures, "max_score_difference": difference}


def measured(folder: Path, size: int) -> dict[str, float]:
    """Measure one size in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.drifting.measure", str(folder), str(size)],
        check=True,
        env={**os.environ, **SINGLE},
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{size:>9,} rows: {found}", file=sys.stderr, flush=True)
    return found
