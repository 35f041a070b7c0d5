"""References and batches for tests: a small loan world with every kind of column."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitoring.judging.protocol import Job, Roles

START = datetime(2026, 8, 3, tzinfo=UTC)
WEEK = timedelta(days=7)
ROLES = Roles(prediction="prediction", label="label", time="time")
SPEC: dict[str, Any] = {
    "every_days": 7,
    "start": START.isoformat(),
    "segments": ["region"],
    "min_rows": 200,
}


def rows(count: int, first: datetime, days: int, seed: int) -> pd.DataFrame:
    """Draw applications for loans, evenly over the days."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10.3, 0.5, count)
    age = rng.integers(18, 80, count)
    score = 1 / (1 + np.exp(-(income / 40_000 - 1 + rng.normal(0, 0.3, count))))
    return pd.DataFrame(
        {
            "request_id": [f"r{seed}-{number}" for number in range(count)],
            "income": income,
            "age": age,
            "balance": rng.normal(0, 1000, count),
            "region": rng.choice(["EU", "US", "UK"], count, p=[0.4, 0.4, 0.2]),
            "employed": rng.random(count) < 0.8,
            "prediction": score,
            "time": pd.to_datetime(first)
            + pd.to_timedelta(np.sort(rng.integers(0, days * 86_400, count)), unit="s"),
        }
    )


def reference(count: int = 4000, seed: int = 1) -> pd.DataFrame:
    """A year and a half before the first window, with labels."""
    table = rows(count, START - timedelta(days=540), 530, seed).drop(columns=["request_id"])
    rng = np.random.default_rng(seed + 1)
    return table.assign(label=(rng.random(count) < table["prediction"]).astype(int))


def batch(count: int = 1000, seed: int = 7, start: datetime = START) -> pd.DataFrame:
    """A sound week."""
    return rows(count, start, 7, seed)


def write(table: pd.DataFrame, path: Path) -> str:
    """Write a table as Parquet, or CSV by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return str(path)


def data_job(folder: Path, table: pd.DataFrame | None, contract: dict, **spec: Any) -> Job:
    """Write the batch (unless it is there) and make the job that judges it."""
    path = folder / "batch.parquet"
    if table is not None:
        write(table, path)
    return Job(
        kind="data",
        spec={**SPEC, **spec},
        contract=contract,
        reference=str(folder / "reference.parquet"),
        batch=str(path),
        window_start=START,
        window_end=START + WEEK,
        roles=ROLES,
    )
