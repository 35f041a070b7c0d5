"""Whatever is broken about a batch, it is never ok; whatever is sound is never a fault."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, dump_result
from tests.monitoring import tables

FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = ["income", "age", "balance", "prediction"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("properties")
    tables.write(tables.reference(2000), path / "reference.parquet")
    return path


@pytest.fixture(scope="module")
def contract(folder):
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return learn_contract(job).contract


def some(table, share, value):
    """Put `value` into this share of a column's rows, at least three of them."""
    many = max(3, int(len(table) * share))
    return lambda column: column.where(np.arange(len(column)) >= many, value)


def nulls(table, column, share):
    return table.assign(**{column: some(table, 0.07 + 0.9 * share, np.nan)(table[column])})


def infinite(table, column, share):
    values = table[column].astype(float)
    return table.assign(**{column: some(table, share, np.inf)(values)})


def absurd(table, column, share):
    values = table[column].astype(float)
    return table.assign(**{column: some(table, share, -1e300)(values)})


def out_of_range(table, column, share):
    values = table[column].astype(float)
    return table.assign(**{column: some(table, 0.02 + share, values.abs().max() * 50)(values)})


def as_text(table, column, share):
    return table.assign(**{column: table[column].astype(str) + " EUR"})


def gone(table, column, share):
    return table.drop(columns=[column])


def stale(table, column, share):
    moved = table["time"] - pd.Timedelta(days=8 + 300 * share)
    return table.assign(time=moved)


def repeated(table, column, share):
    return pd.concat([table, table.head(max(10, int(len(table) * share)))])


def unseen(table, column, share):
    values = table["region"].astype(object)
    return table.assign(region=some(table, 0.02 + share * 0.9, "Atlantis")(values))


def short(table, column, share):
    return table.head(int(share * 190))


SPOILED = [nulls, infinite, absurd, out_of_range, as_text, gone, stale, repeated, unseen, short]


@FEW
@given(
    spoil=st.sampled_from(SPOILED),
    column=st.sampled_from(NUMBERS),
    share=st.floats(0.001, 1.0),
    seed=st.integers(0, 10_000),
)
def test_no_poison_is_ever_ok(folder, contract, spoil, column, share, seed):
    result = judge_data(
        tables.data_job(folder, spoil(tables.batch(400, seed), column, share), contract)
    )

    dump_result(result)
    assert result.state == "data_fault", (spoil.__name__, column, share)
    assert result.reason


@FEW
@given(spoil=st.sampled_from(SPOILED[:6]), column=st.sampled_from(NUMBERS[:2]))
def test_a_fault_hides_no_drift_and_drift_no_fault(folder, contract, spoil, column):
    table = spoil(tables.batch(400), column, 0.5)
    table["balance"] = table["balance"] + 3000

    result = judge_data(tables.data_job(folder, table, contract))

    assert result.state == "data_fault"
    assert result.summary["columns"][column] == "data_fault"
    assert result.summary["columns"]["balance"] == "drift"


@FEW
@given(seed=st.integers(0, 10_000), deviations=st.floats(-2, 2), column=st.sampled_from(NUMBERS))
def test_a_shift_within_two_deviations_is_never_a_fault(folder, contract, seed, deviations, column):
    table = tables.batch(400, seed)
    table[column] = table[column] + deviations * table[column].std()

    result = judge_data(tables.data_job(folder, table, contract))

    assert result.state in {"ok", "drift"}, result.reason


VALUES = {
    "normal": lambda rng, n: rng.normal(5, 2, n),
    "lognormal": lambda rng, n: rng.lognormal(0, 2, n),
    "pareto": lambda rng, n: rng.pareto(2, n),
    "constant": lambda rng, n: np.full(n, 3.0),
    "zeros": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.random(n)),
    "counts": lambda rng, n: rng.poisson(0.5, n),
    "tiny": lambda rng, n: rng.random(n) * 1e-12,
    "huge": lambda rng, n: rng.random(n) * 1e200,
    "gaps": lambda rng, n: np.where(rng.random(n) < 0.4, np.nan, rng.random(n)),
    "empty": lambda rng, n: np.full(n, np.nan),
}


@FEW
@given(kind=st.sampled_from(sorted(VALUES)), seed=st.integers(0, 1000))
def test_what_was_learned_from_is_ok(tmp_path_factory, kind, seed):
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(seed)
    table = tables.batch(500, seed).assign(value=VALUES[kind](rng, 500))
    tables.write(table.drop(columns=["request_id"]), folder / "reference.parquet")
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    contract = learn_contract(job).contract

    result = judge_data(tables.data_job(folder, table, contract))

    dump_result(result)
    assert (result.state, result.reason) == ("ok", "")
    assert set(result.summary["columns"].values()) <= {"ok", "contract_only"}
