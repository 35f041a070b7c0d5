"""A check on Spark at growing sizes: rows a second, CPU and peak memory, in local mode."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from monitoring.judging import aside
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, Roles

NO_SERVERS = True
SIZES = "1000000,4000000"
_CHUNK = 1_000_000
_REFERENCE = 200_000
SPEC = {"every_days": 7, "start": "2026-08-03T00:00:00Z", "engine": "spark"}


def run() -> dict[str, float]:
    """Judge 8 columns; `BENCH_SPARK_ROWS=100000000` for the large one, `BENCH_SPARK_MEMORY=2g`."""
    memory = os.environ.get("BENCH_SPARK_MEMORY", "2g")
    sizes = [int(size) for size in os.environ.get("BENCH_SPARK_ROWS", SIZES).split(",")]
    master = os.environ.get("MUSTER_SPARK_MASTER", "local[*]")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="muster-spark-bench-") as folder:
        reference = write(Path(folder) / "reference.parquet", _REFERENCE, seed=1)
        roles = Roles(prediction="prediction")
        contract = learn_contract(Job(kind="learn", reference=reference, roles=roles)).contract
        for size in sizes:
            batch = write(Path(folder) / "batch.parquet", size, seed=2)
            job = Job(
                kind="data", spec=SPEC, contract=contract, reference=reference, batch=batch,
                roles=roles,
            )  # fmt: skip
            with Peak() as peak:
                began = time.monotonic()
                result = aside.judge(job, master=master, memory=memory, seconds=7200)
                seconds = time.monotonic() - began
            verdicts = [result.summary.get("columns", {}).get(name) for name in contract["columns"]]
            if result.rows != size or None in verdicts:
                raise SystemExit(f"no verdict on {size:,} rows: {result.reason}")
            found = {
                f"seconds_{size}": round(seconds, 1),
                f"rows_per_second_{size}": round(size / seconds),
                f"cpu_seconds_{size}": peak.cpu,
                f"peak_mb_{size}": round(peak.resident / 2**20),
            }
            print(f"{size:>11,} rows: {result.state}, {found}", file=sys.stderr, flush=True)
            figures |= found
    return figures


def write(path: Path, rows: int, *, seed: int) -> str:
    """Write 8 columns: six of numbers, two of categories."""
    rng = np.random.default_rng(seed)
    writer = None
    for first in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - first)
        table = pa.table(
            {
                "income": rng.lognormal(10, 0.5, count),
                "balance": rng.normal(0, 1000, count),
                "age": rng.integers(18, 80, count),
                "spend": rng.gamma(2.0, 50.0, count),
                "ratio": rng.random(count),
                "region": pa.array(np.array(["EU", "US", "UK"])[rng.integers(0, 3, count)]),
                "employed": rng.random(count) < 0.8,
                "prediction": rng.beta(2, 5, count),
            }
        )
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return str(path)


class Peak:
    """What all that this process started took, looked at twice a second."""

    def __init__(self) -> None:
        self.resident = 0  # bytes, at most
        self.cpu = 0  # seconds, of those that ran at the last look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            resident, cpu = below(os.getpid())
            self.resident, self.cpu = max(self.resident, resident), max(self.cpu, cpu)


def below(pid: int) -> tuple[int, int]:
    """Return the resident bytes and the CPU seconds of all descendants of a process."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,rss=,times="], capture_output=True, text=True, check=True
    )
    children: dict[int, list[tuple[int, int, int]]] = {}
    for line in listed.stdout.splitlines():
        one, parent, resident, cpu = map(int, line.split())
        children.setdefault(parent, []).append((one, resident * 1024, cpu))
    found, asked = [], [pid]
    while asked:
        mine = children.get(asked.pop(), [])
        found += mine
        asked += [one for one, _, _ in mine]
    return sum(resident for _, resident, _ in found), sum(cpu for _, _, cpu in found)


if __name__ == "__main__":
    print(json.dumps(run()))
