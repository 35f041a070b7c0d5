"""One poison batch, and the sound week it was made from."""

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

START = datetime(2026, 8, 3, tzinfo=UTC)
FORMATS = ("parquet", "csv", "csv.gz", "arrow", "jsonl", "jsonl.gz", "json")
FAULTS = frozenset({"data_fault", "source_fault"})
MOVED = FAULTS | {"drift"}
ROWS = 400


@dataclass(frozen=True)
class Poison:
    """A file, and the verdicts that are right; `expected` is None where only ends count."""

    name: str
    ending: str
    content: Callable[[], bytes]
    expected: frozenset[str] | None = FAULTS
    kind: str = "data"

    @property
    def format(self) -> str:
        """Return the format that the file claims to have."""
        return {"json": "table"}.get(self.ending, self.ending.removesuffix(".gz"))


def rows(count: int, first: datetime, days: int, seed: int) -> Any:
    """Draw applications for loans, evenly over the days."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10.3, 0.5, count)
    score = 1 / (1 + np.exp(-(income / 40_000 - 1 + rng.normal(0, 0.3, count))))
    seconds = np.sort(rng.integers(0, days * 86_400, count))
    return pd.DataFrame(
        {
            "request_id": [f"r{seed}-{number}" for number in range(count)],
            "income": income,
            "age": rng.integers(18, 80, count),
            "balance": rng.normal(0, 1000, count),
            "region": rng.choice(["EU", "US", "UK"], count, p=[0.4, 0.4, 0.2]),
            "employed": rng.random(count) < 0.8,
            "prediction": score,
            "time": pd.to_datetime(first) + pd.to_timedelta(seconds, unit="s"),
        }
    )


def reference() -> Any:
    """A year and a half before the first window, with labels."""
    table = rows(4000, START - timedelta(days=540), 530, 1).drop(columns=["request_id"])
    return table.assign(label=(np.random.default_rng(2).random(4000) < table["prediction"]) * 1)


def week(seed: int = 7) -> Any:
    """A sound batch."""
    return rows(ROWS, START, 7, seed)


def written(table: Any, ending: str) -> bytes:
    """Write a pandas or Arrow table in the format that the ending names."""
    frame = table
    if not isinstance(table, pa.Table):
        frame = pa.Table.from_pandas(table, preserve_index=False)
    sink = io.BytesIO()
    if ending == "parquet":
        parquet.write_table(frame, sink)
    elif ending.startswith("csv"):
        csv.write_csv(frame, sink)
    elif ending == "arrow":
        with pa.ipc.new_file(sink, frame.schema) as writer:
            writer.write_table(frame)
    elif ending == "json":
        sink.write(_logged(frame))
    else:
        lines = frame.to_pandas().to_json(orient="records", lines=True, date_format="iso")
        sink.write(lines.encode("utf-8", "surrogatepass"))
    content = sink.getvalue()
    return gzip.compress(content, mtime=0) if ending.endswith(".gz") else content


def _logged(frame: Any) -> bytes:
    """Write what `mlflow.log_table` does, also where a name stands twice."""
    names = list(frame.column_names)
    numbered = frame.rename_columns([str(place) for place in range(len(names))]).to_pandas()
    text = numbered.to_json(orient="split", index=False, date_format="iso")
    return json.dumps(json.loads(text) | {"columns": names}).encode()
