"""Measure one size: `python -m bench.drifting.measure FOLDER ROWS`; the last line is JSON."""

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from bench.drifting.frames import CATEGORICAL, NUMERIC, START, WEEK, frame, with_ids
from monitoring.checks import drift
from monitoring.data import readers
from monitoring.data.columns import load
from monitoring.data.pairs import pair
from monitoring.integrations import evidently
from monitoring.judging import child
from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, Result, Roles, dump_result
from monitoring.statistics import distances

_MOVED = 0.6


def main(folder: Path, rows: int) -> dict[str, float]:
    """Write both sides, then time what each way of judging them costs."""
    child.warm_up()
    paths = {"reference": folder / "reference.parquet", "batch": folder / "batch.parquet"}
    reference, batch = frame(rows, seed=1), frame(rows, seed=2, moved=_MOVED)
    reference.to_parquet(paths["reference"], index=False)
    batch.to_parquet(paths["batch"], index=False)
    job = _job(paths)
    repeats = 9 if rows <= 100_000 else 3
    result, ours = least(lambda: _judge(job), repeats)
    assert result.state == "drift", result.reason
    assert len(result.readings) == len(NUMERIC) + len(CATEGORICAL)
    spans = {name: (reference[name].min(), reference[name].max()) for name in NUMERIC}
    _, limit = least(lambda: _limit(paths, spans), repeats)
    report = _evidently(paths, 3 if rows <= 10_000 else 1)
    difference = _difference(job)
    with_ids(batch).to_parquet(paths["batch"], index=False)
    _, ids = least(lambda: _judge(job), repeats)
    return {"ours": ours, "limit": limit, "evidently": report, "with_ids": ids,
            "difference": difference}  # fmt: skip


def _job(paths: dict[str, Path]) -> Job:
    roles = Roles(prediction="prediction", label="label", time="time")
    learned = learn_contract(Job(kind="learn", reference=str(paths["reference"]), roles=roles))
    assert learned.state == "learned", learned.reason
    return Job(
        kind="data",
        spec={"start": START.isoformat()},
        contract=learned.contract,
        reference=str(paths["reference"]),
        batch=str(paths["batch"]),
        window_start=START,
        window_end=START + WEEK,
        roles=roles,
    )


def _judge(job: Job) -> Result:
    result = judge_data(job)
    dump_result(result)
    return result


def _limit(paths: dict[str, Path], spans: dict[str, tuple[float, float]]) -> int:
    """Do the least a drift check can: read both files and count each column over known edges."""
    seen = 0
    for path in paths.values():
        table = parquet.read_table(path, use_threads=False, read_dictionary=CATEGORICAL)
        for name in NUMERIC:
            counts, _ = np.histogram(table[name].to_numpy(), bins=30, range=spans[name])
            seen += int(counts.sum())
        for name in CATEGORICAL:
            codes = table[name].combine_chunks().indices.to_numpy()
            seen += int(np.bincount(codes).sum())
    return seen


def _difference(job: Job) -> float:
    """Score every column by every method, ours and Evidently's, on the rows that were judged."""
    found = 0.0
    sides = [readers.read(path).table for path in (job.reference, job.batch)]
    for name in (*NUMERIC, *CATEGORICAL):
        both = pair(*(load(side[name]) for side in sides))
        methods = drift.NUMERIC_METHODS if both.numeric else drift.CATEGORICAL_METHODS
        ours = distances.numeric if both.numeric else distances.categorical
        values = [_values(both.numeric, side) for side in (both.reference, both.current)]
        for method in methods - {"total_variation"}:
            with np.errstate(all="ignore"):
                theirs = evidently.score(method, *values, numeric=both.numeric, limit=0.1)
            mine = ours(method, both.reference, both.current)
            found = max(found, abs(mine - theirs.value))
    return found


def _values(numeric: bool, side: Any) -> Any:
    return side.values if numeric else np.repeat(np.arange(len(side)), side)


def _evidently(paths: dict[str, Path], repeats: int) -> float:
    from evidently import Report
    from evidently.presets import DataDriftPreset

    def report() -> object:
        sides = [pd.read_parquet(paths[name]) for name in ("batch", "reference")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Report([DataDriftPreset()]).run(*sides)

    if repeats > 1:
        report()  # the first one warms up
    return least(report, repeats)[1]


def least(work: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Return what the work returned, and the least CPU seconds it took."""
    took = []
    done = None
    for _ in range(repeats):
        began = time.process_time()
        done = work()
        took.append(time.process_time() - began)
    return done, min(took)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
