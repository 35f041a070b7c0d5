"""What the judge says of sound, drifted and broken batches."""
# ruff: noqa: E501 - the table of poisons reads best one a line

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, dump_result
from tests.monitoring import tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("judging")
    tables.write(tables.reference(), path / "reference.parquet")
    return path


@pytest.fixture(scope="module")
def contract(folder):
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return learn_contract(job).contract


def judged(folder, contract, table, **spec):
    result = judge_data(tables.data_job(folder, table, contract, **spec))
    dump_result(result)
    return result


def test_a_sound_batch_is_ok_and_every_column_has_a_verdict(folder, contract):
    result = judged(folder, contract, tables.batch())

    assert (result.state, result.reason) == ("ok", "")
    assert result.rows == 1000
    assert result.summary["columns"] == {
        "income": "ok",
        "age": "ok",
        "balance": "ok",
        "region": "ok",
        "employed": "ok",
        "prediction": "ok",
        "time": "contract_only",
    }
    assert {one.segment for one in result.readings} == {"", "region=EU", "region=US"}
    assert {one.method_version for one in result.readings} == {"muster 1 = evidently 0.7.23"}
    assert {one.feature for one in result.histograms} == {
        "income", "age", "balance", "region", "employed", "prediction",
    }  # fmt: skip
    assert all(len(one.current) <= 30 for one in result.histograms)


def test_the_reference_judged_by_its_own_contract_is_ok(folder, contract):
    table = tables.reference().assign(time=tables.batch(4000)["time"], request_id=np.arange(4000))

    assert judged(folder, contract, table).state == "ok"


@pytest.mark.parametrize("size", [1.0, 2.0])
def test_a_shift_of_one_or_two_deviations_is_drift_and_no_fault(folder, contract, size):
    table = tables.batch()
    table["income"] *= np.exp(0.5 * size)
    table["balance"] += 1000 * size

    result = judged(folder, contract, table)

    assert result.state == "drift"
    assert {one["feature"] for one in result.summary["worst"]} == {"income", "balance"}
    sentence = next(o for o in result.summary["worst"] if o["feature"] == "income")["sentence"]
    assert "higher than at training: median" in sentence


def test_drift_in_one_segment_names_it(folder, contract):
    table = tables.batch(2000)
    table.loc[table["region"] == "UK", "income"] *= 1.6

    result = judged(folder, contract, table)

    assert result.state == "drift"
    assert [(o["feature"], o["segment"]) for o in result.summary["worst"]] == [
        ("income", "region=UK")
    ]
    assert result.reason.startswith("income (region = UK) is ")
    assert ("income", "region=UK") in [(o.feature, o.segment) for o in result.histograms]


def with_text(table):
    return table.assign(income=[f"{value:.2f}" for value in table["income"]])


def half(table, column, value):
    values = table[column].astype(object).to_numpy(copy=True)
    values[::2] = value
    return table.assign(**{column: values})


POISON = {
    "missing column": (lambda t: t.drop(columns=["income"]), "missing_column", "income"),
    "renamed column": (lambda t: t.rename(columns={"income": "incomes"}), "missing_column", "income"),
    "numbers as text": (with_text, "type", "income"),
    "times for numbers": (lambda t: t.assign(income=t["time"]), "type", "income"),
    "lists in cells": (lambda t: t.assign(income=[[1.0]] * len(t)), "type", "income"),
    "flags for numbers": (lambda t: t.assign(income=t["employed"]), "type", "income"),
    "no category at all": (lambda t: t.assign(region=pd.Series([None] * len(t), dtype=object)), "nulls", "region"),
    "half missing": (lambda t: t.assign(income=t["income"].where(np.arange(len(t)) % 2 == 0)), "nulls", "income"),
    "all missing": (lambda t: t.assign(income=np.nan), "nulls", "income"),
    "one infinity": (lambda t: t.assign(income=t["income"].where(np.arange(len(t)) > 0, np.inf)), "infinite", "income"),
    "all infinite": (lambda t: t.assign(income=np.inf), "infinite", "income"),
    "one absurd value": (lambda t: t.assign(income=t["income"].where(np.arange(len(t)) > 0, 1e308)), "range", "income"),
    "a tenth a hundredfold": (lambda t: t.assign(income=t["income"].where(np.arange(len(t)) % 10 > 0, t["income"] * 100)), "range", "income"),
    "cents": (lambda t: t.assign(income=t["income"] * 100), "unit", "income"),
    "thousands": (lambda t: t.assign(income=t["income"] / 1000), "unit", "income"),
    "unseen category": (lambda t: half(t, "region", "Mars"), "unseen_category", "region"),
    "many categories": (lambda t: t.assign(region=[f"x{n}" for n in range(len(t))]), "cardinality", "region"),
    "no rows": (lambda t: t.iloc[:0], "no_rows", ""),
    "one row": (lambda t: t.iloc[:1], "few_rows", ""),
    "rows twice": (lambda t: pd.concat([t, t.sample(frac=0.4, random_state=1)]), "duplicate_ids", ""),
    "rows twice, new ids": (lambda t: pd.concat([t, t.iloc[:400].assign(request_id=range(400))]).astype({"request_id": str}), "duplicate_rows", ""),
    "last month again": (lambda t: t.assign(time=t["time"] - pd.Timedelta(days=30)), "freshness", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", POISON)
def test_poison_is_a_data_fault_that_names_the_rule(folder, contract, name):
    spoil, rule, column = POISON[name]

    result = judged(folder, contract, spoil(tables.batch()))

    assert result.state == "data_fault"
    assert (column, rule) in [(v["column"], v["rule"]) for v in result.summary["violations"]]
    assert result.reason
    assert "Traceback" not in result.reason


def test_a_bad_column_hides_no_drift_in_another(folder, contract):
    table = tables.batch().assign(income=np.nan)
    table["balance"] += 5000

    result = judged(folder, contract, table)

    assert result.state == "data_fault"
    crossed = {one.feature for one in result.readings if one.crossed}
    assert crossed == {"balance"}
    assert result.summary["columns"]["income"] == "data_fault"


def test_a_unit_change_says_so(folder, contract):
    table = tables.batch()

    result = judged(folder, contract, table.assign(income=table["income"] * 100))

    assert "income looks like a unit change: it is about 100 times larger" in result.reason


def test_a_rare_unseen_category_is_a_note(folder, contract):
    table = tables.batch()
    table.loc[5, "region"] = "Mars"

    result = judged(folder, contract, table)

    assert result.state == "ok"
    assert any("Mars" in note for note in result.summary["notes"])


def test_far_fewer_rows_than_usual_are_a_fault(folder, contract):
    job = tables.data_job(folder, tables.batch(300), contract)
    result = judge_data(Job(**{**vars(job), "usual_rows": 5000.0}))

    assert result.state == "data_fault"
    assert result.reason == "The batch has 300 rows where about 5,000 are usual"


def test_a_repeated_column_name_is_a_fault(folder, contract):
    table = pa.Table.from_pandas(tables.batch(), preserve_index=False)
    table = table.append_column("income", table["income"])
    parquet.write_table(table, folder / "batch.parquet")

    result = judge_data(tables.data_job(folder, None, contract))

    assert result.state == "data_fault"
    assert "income more than once" in result.reason


@pytest.mark.parametrize("damage", ["half", "nothing", "text", "gone"])
def test_a_file_that_cannot_be_read_is_a_source_fault_in_words(folder, contract, damage):
    path = folder / "batch.parquet"
    tables.write(tables.batch(), path)
    whole = path.read_bytes()
    path.write_bytes({"half": whole[: len(whole) // 2], "text": b"hello\n" * 50}.get(damage, b""))
    if damage == "gone":
        path.unlink()

    result = judge_data(tables.data_job(folder, None, contract))

    assert result.state == "source_fault"
    assert path.parent.name + "/batch.parquet" in result.reason
    assert str(path) not in result.reason


def test_a_season_is_compared_with_the_same_weeks_of_last_year(folder, contract):
    result = judged(folder, contract, tables.batch(), baseline="season", segments=[])

    # 27 of 530 days, 4,000 rows.
    assert result.state in {"ok", "drift"}
    assert all(100 < one.n_reference < 300 for one in result.readings)


def test_a_reference_without_that_season_is_not_evaluated(folder, contract):
    job = tables.data_job(folder, tables.batch(), contract, baseline="season")
    early = job.window_start - pd.Timedelta(days=400).to_pytimedelta()
    table = tables.batch(start=early)
    tables.write(table, folder / "batch.parquet")
    moved = {**vars(job), "window_start": early, "window_end": early + tables.WEEK}

    result = judge_data(Job(**moved))

    assert result.state == "not_evaluated"
    assert "the reference has only 0 rows from" in result.reason


def test_csv_is_judged_like_parquet(folder, contract):
    path = folder / "batch.csv"
    tables.write(tables.batch(), path)
    job = tables.data_job(folder, None, contract)

    result = judge_data(Job(**{**vars(job), "batch": str(path), "batch_format": "csv"}))

    assert (result.state, result.reason) == ("ok", "")


def test_p_values_cross_below_their_limit(folder, contract):
    table = tables.batch()
    table["balance"] += 3000

    result = judged(
        folder,
        contract,
        table,
        numeric={"method": "ks", "limit": 0.0001},
        categorical={"method": "chisquare", "limit": 0.0001},
        segments=[],
    )

    balance = next(one for one in result.readings if one.feature == "balance")
    assert (balance.direction, balance.crossed, balance.p_value) == ("min", True, balance.value)
    assert {one.feature for one in result.readings if one.crossed} == {"balance"}


def test_a_method_that_does_not_suit_a_column_is_never_ok(folder, contract):
    result = judged(folder, contract, tables.batch(), features={"income": {"method": "chisquare"}})

    assert result.state == "not_evaluated"
    assert result.reason.startswith("income: chisquare cannot judge numbers")


def test_a_usual_batch_is_judged_within_a_third_of_a_second(folder, contract):
    job = tables.data_job(folder, tables.batch(), contract)
    judge_data(job)

    started = time.process_time()
    judge_data(job)

    assert time.process_time() - started < 0.3
