"""Whatever a batch holds, groups and metrics end in a verdict that can be written down."""

import numpy as np
import pandas as pd
import pytest

from monitoring.judging.fairness_job import judge_fairness
from monitoring.judging.performance_job import judge_performance
from monitoring.judging.protocol import Job, Roles, dump_result
from tests.monitoring import tables
from tests.monitoring.judging.test_fairness_job import people

ODD = {
    "nulls": lambda n: [None] * n,
    "nan": lambda n: np.full(n, np.nan),
    "infinite": lambda n: np.full(n, np.inf),
    "some infinite": lambda n: np.where(np.arange(n) % 7, 0.3, -np.inf),
    "huge": lambda n: np.full(n, 1e308),
    "tiny": lambda n: np.full(n, 1e-308),
    "one value": np.ones,
    "zero": np.zeros,
    "negative": lambda n: -np.arange(n, dtype=float),
    "many values": lambda n: np.arange(n, dtype=float),
    "words": lambda n: np.where(np.arange(n) % 2, "yes", "no"),
    "word and null": lambda n: [None if i % 3 else "x x y" for i in range(n)],
    "flags": lambda n: np.arange(n) % 2 == 0,
    "times": lambda n: pd.date_range("2026-01-01", periods=n, freq="min"),
    "lists": lambda n: [[1, 2]] * n,
    "long words": lambda n: ["w" * 5000] * n,
    "big integers": lambda n: np.full(n, 2**62),
}
COLUMNS = ("sex", "decision", "score", "pay", "years")
STATES = {"ok", "breach", "not_evaluated", "data_fault", "source_fault"}


def fairness(folder, table, labels):
    spec = {
        "start": tables.START.isoformat(),
        "decision": "decision",
        "favorable": {"values": [0]},
        "attributes": ["sex", "age"],
        "intersections": [["sex", "age"]],
        "label": "label",
        "deserving": 0,
        "score": "score",
        "amount": "pay",
        "factors": ["years", "age"],
        "min_labels": 1,
        "min_completeness": 0.0,
        "min_cell": 5,
        "limits": {
            "impact_ratio": 0.8, "selection_difference": 0.1, "equal_opportunity": 0.1,
            "false_positive_ratio": 1.2, "calibration_gap": 0.1, "adjusted_gap": 0.05,
        },
    }  # fmt: skip
    return judge_fairness(
        Job(kind="fairness", spec=spec, batch=tables.write(table, folder / "b.parquet"),
            labels=(tables.write(labels, folder / "l.parquet"),))
    )  # fmt: skip


def performance(folder, table, labels):
    names = ["roc_auc", "brier", "calibration", "bias", "mase", "mae"]
    metrics = [{"name": name, "direction": "max", "limit": 1.0} for name in names]
    metrics.append({"name": "cost", "direction": "max", "limit": 1, "costs": {"fp": 1, "fn": 2}})
    metrics.append({"name": "fbeta", "limit": 0.0, "beta": 2, "segment_limit": 0.0})
    metrics.append({"name": "cluster_shift", "direction": "max", "limit": 0.5})
    spec = {
        "start": tables.START.isoformat(), "prediction": "decision", "score": "score",
        "metrics": metrics, "min_labels": 1, "min_completeness": 0.0, "season_length": 2,
        "segments": ["sex"], "segment_min_labels": 10, "estimate": "confidence",
    }  # fmt: skip
    reference = people(600, seed=9).assign(time=pd.Timestamp("2026-01-01"), years=1.0)
    return judge_performance(
        Job(
            kind="performance",
            spec=spec,
            contract={"columns": {"score": {"family": "number"}, "years": {"family": "number"}}},
            batch=tables.write(table, folder / "b.parquet"),
            labels=(tables.write(labels, folder / "l.parquet"),),
            reference=tables.write(reference, folder / "r.parquet"),
            roles=Roles(prediction="decision", label="label", time="time"),
        )
    )


def batch(rows=300):
    rng = np.random.default_rng(1)
    years = rng.uniform(0, 30, rows)
    return people(rows).assign(years=years, pay=np.exp(10 + 0.01 * years))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("oddity", ODD)
def test_an_odd_column_is_no_death_and_no_false_ok(tmp_path, column, oddity):
    table = batch()
    labels = table[["request_id", "label"]]
    table[column] = ODD[oddity](len(table))

    for judge in (fairness, performance):
        result = judge(tmp_path, table.drop(columns=["label"]), labels)
        dump_result(result)
        assert result.state in STATES
        unknown = [r for r in result.readings if r.value is None and r.limit is not None]
        assert result.state != "ok" or not unknown


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("oddity", ODD)
def test_odd_labels_are_no_death_and_no_false_ok(tmp_path, oddity):
    table = batch()
    labels = table[["request_id"]].assign(label=ODD[oddity](len(table)))

    for judge in (fairness, performance):
        result = judge(tmp_path, table.drop(columns=["label"]), labels)
        dump_result(result)
        assert result.state in STATES
        assert result.state != "ok" or result.readings


@pytest.mark.parametrize("rows", [0, 1, 2, 9])
def test_hardly_any_rows_are_never_ok(tmp_path, rows):
    table = batch().head(rows)
    labels = table[["request_id", "label"]]

    for judge in (fairness, performance):
        result = judge(tmp_path, table.drop(columns=["label"]), labels)
        dump_result(result)
        assert result.state in STATES - {"ok"}
