"""The same batches on one machine and on a real Spark: the same verdicts."""
# ruff: noqa: E501 - the table of poisons reads best one a line

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.data import sketched
from monitoring.judging import aside, scoring, spark_job
from monitoring.judging.client import JudgeDied
from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, dump_result
from monitoring.statistics import told
from tests.monitoring import tables

METHODS = [
    ("psi", "psi"),
    ("ks", "chisquare"),
    ("wasserstein", "hellinger"),
    ("jensenshannon", "jensenshannon"),
    ("hellinger", "total_variation"),
    ("total_variation", "psi"),
]


@pytest.fixture(scope="module")
def session():
    from monitoring.integrations import spark

    # Little data: compiling would cost more than it saves.
    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    try:
        found = spark.start(master="local[2]", memory="1g")
    finally:
        del os.environ["JDK_JAVA_OPTIONS"]
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def cells(monkeypatch):
    """Few cells: to plan for thousands takes Spark longer than to count such tables."""
    real = sketched.CELLS
    monkeypatch.setattr(sketched, "CELLS", 1_000)
    return real


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("spark")
    # More different numbers than are counted one by one, so that they are sketched.
    tables.write(tables.reference(12_000), path / "reference.parquet")
    return path


@pytest.fixture(scope="module")
def contract(folder):
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return learn_contract(job).contract


def both(session, folder, contract, table, **spec):
    job = tables.data_job(folder, table, contract, **{"segments": [], **spec})
    here, there = judge_data(job), spark_job.judge_on_spark(job, session)
    dump_result(there)
    return here, there


def values(result):
    return {one.feature: one.value for one in result.readings}


@pytest.mark.spark
@pytest.mark.parametrize(("numeric", "categorical"), METHODS)
def test_the_verdict_is_the_same_and_scores_lie_within_the_bound(
    session, folder, contract, numeric, categorical, cells, monkeypatch
):
    monkeypatch.setattr(sketched, "CELLS", cells)
    table = tables.batch(8_000)
    table["balance"] = table["balance"] * 1.3 + 100
    limits = {
        "numeric": {"method": numeric, "limit": 0.05},
        "categorical": {"method": categorical, "limit": 0.01},
    }

    here, there = both(session, folder, contract, table, **limits)

    assert (there.state, there.summary["columns"]) == (here.state, here.summary["columns"])
    assert there.made_with["engine"] == "spark"
    assert values(there).keys() == values(here).keys()
    exact = {one.feature for one in here.readings if one.method not in ("ks", "wasserstein")}
    for name, value in values(here).items():
        room = {"abs": 1e-9} if name in exact else {"rel": 0.05, "abs": 1e-3}
        assert values(there)[name] == pytest.approx(value, **room), name


@pytest.mark.spark
@pytest.mark.parametrize("method", ["ks", "wasserstein"])
def test_with_few_cells_the_score_is_off_by_no_more_than_it_says(
    session, folder, contract, method, monkeypatch
):
    rooms = []
    monkeypatch.setattr(scoring.told, "room", keeping(told.room, rooms))
    table = tables.batch(8_000)
    table["balance"] = table["balance"] * 1.02 + 5
    limits = {"numeric": {"method": method, "limit": 0.3}, "prediction": {"method": method}}

    here, _ = both(session, folder, contract, table, **limits)

    exact = {one.feature: one.value for one in here.readings if one.method == method}
    there_alone = rooms[len(rooms) // 2 :]
    assert len(there_alone) == len(exact)
    for (low, value, high), true in zip(there_alone, exact.values(), strict=True):
        assert low - 1e-12 <= true <= high + 1e-12
        assert low <= value <= high
    assert any(low < high for low, _, high in there_alone)


def keeping(real, kept):
    def asked(method, reference, current, value):
        low, high = real(method, reference, current, value)
        kept.append((low, value, high))
        return low, high

    return asked


def _poisoned(change):
    table = tables.batch(1_200)
    change(table)
    return table


POISONS = {
    "sound": lambda t: None,
    "all null": lambda t: t.__setitem__("income", np.nan),
    "a third null": lambda t: t.loc.__setitem__((t.index % 3 == 0, "income"), np.nan),
    "infinite": lambda t: t.loc.__setitem__((3, "balance"), np.inf),
    "another unit": lambda t: t.__setitem__("income", t["income"] * 100),
    "numbers as text": lambda t: t.__setitem__("income", t["income"].astype(str)),
    "text where numbers were": lambda t: t.__setitem__("region", np.arange(len(t)) * 1.0),
    "unseen category": lambda t: t.loc.__setitem__((t.index < 200, "region"), "ATLANTIS"),
    "too many categories": lambda t: t.__setitem__("region", [f"r{i}" for i in range(len(t))]),
    "missing column": lambda t: t.pop("age"),
    "extra column": lambda t: t.__setitem__("o`dd'; drop", 1),
    "absurd": lambda t: t.loc.__setitem__((5, "balance"), 1e200),
    "out of range": lambda t: t.loc.__setitem__((t.index < 100, "age"), 900),
    "repeated ids": lambda t: t.__setitem__("request_id", "same"),
    "repeated rows": lambda t: [t.__setitem__(n, t[n].iloc[0]) for n in t.columns if n != "request_id"],
    "another week": lambda t: t.__setitem__("time", t["time"] - pd.Timedelta(days=30)),
    "times as text": lambda t: t.__setitem__("time", t["time"].astype(str)),
    "lists": lambda t: t.__setitem__("age", [[1, 2]] * len(t)),
    "constant": lambda t: t.__setitem__("balance", 5.0),
    "huge": lambda t: t.__setitem__("balance", np.where(t.index % 2, 1e308, -1e308)),
}  # fmt: skip


@pytest.mark.spark
@pytest.mark.parametrize("poison", POISONS)
def test_a_poisoned_column_gets_the_same_verdict(session, folder, contract, poison):
    here, there = both(session, folder, contract, _poisoned(POISONS[poison]))

    assert there.state == here.state
    assert there.summary["columns"] == here.summary["columns"]
    rules = [(one["column"], one["rule"]) for one in here.summary["violations"]]
    assert [(one["column"], one["rule"]) for one in there.summary["violations"]] == rules
    if poison != "sound":
        assert (there.state, rules) != ("ok", [("", "")])


@pytest.mark.spark
def test_a_csv_is_guessed_alike(session, folder, contract):
    path = folder / "batch.csv"
    for change in ("sound", "numbers as text", "unseen category", "a third null"):
        table = _poisoned(POISONS[change])
        if change == "numbers as text":
            table["income"] = "about " + table["income"]
        table.to_csv(path, index=False)
        job = tables.data_job(folder, tables.batch(300), contract, segments=[])
        job = Job(**{**vars(job), "batch": str(path), "batch_format": "csv"})

        here, there = judge_data(job), spark_job.judge_on_spark(job, session)

        assert (there.state, there.summary) == (here.state, here.summary), change


@pytest.mark.spark
def test_a_broken_file_is_a_fault_with_a_remedy(session, folder, contract):
    job = tables.data_job(folder, tables.batch(), contract, segments=[])
    batch = Path(job.batch)
    whole = batch.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"PAR1" + b"x" * 100 + b"PAR1"):
        batch.write_bytes(content)

        result = spark_job.judge_on_spark(job, session)

        assert (result.state, result.reason) == (judge_data(job).state, judge_data(job).reason)
    # Sound to look at, broken inside: only who reads the values sees it.
    torn = bytearray(whole)
    torn[200 : len(whole) // 2] = os.urandom(len(whole) // 2 - 200)
    batch.write_bytes(bytes(torn))
    assert spark_job.judge_on_spark(job, session).state in ("source_fault", "data_fault")
    lines = Job(**{**vars(job), "batch_format": "jsonl"})
    assert "deliver one of these" in spark_job.judge_on_spark(lines, session).reason


@pytest.mark.spark
def test_a_limit_within_the_room_of_the_sketch_is_not_judged(session, folder, contract):
    table = tables.batch(8_000)
    job = tables.data_job(folder, table, contract, segments=[])
    p = next(one.value for one in judge_data(_ks(job, 0.5)).readings if one.feature == "income")

    result = spark_job.judge_on_spark(_ks(job, p), session)

    assert result.summary["columns"]["income"] == "not_evaluated"
    assert "ks lies between" in " ".join(result.summary["notes"])


def _ks(job, limit):
    own = {"income": {"method": "ks", "limit": limit}}
    spec = {**job.spec, "features": own, "correction": "none"}
    return Job(**{**vars(job), "spec": spec})


@pytest.mark.spark
@pytest.mark.timeout(280)
def test_the_process_of_its_own_answers_and_leaves_nothing(folder, contract, monkeypatch):
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    job = tables.data_job(folder, tables.batch(), contract, segments=[])

    late = aside.judge(job, master="local[1]", memory="1g", seconds=1.5)
    found = aside.judge(job, master="local[1]", memory="1g", seconds=240)

    assert (late.state, "MUSTER_SPARK_SECONDS" in late.reason) == ("not_evaluated", True)
    assert (found.state, found.rows) == ("ok", 1000)
    table = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(folder) not in table.stdout


def test_without_spark_there_is_a_verdict_that_says_what_to_do(folder, contract, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    job = tables.data_job(folder, tables.batch(), contract, segments=[])

    result = aside.judge(job, master="local[1]", memory="1g", seconds=60)

    assert result.state == "not_evaluated"
    assert "this check is judged on Spark, but" in result.reason
    assert "install" in result.reason
    assert json.loads(dump_result(result))


def test_a_process_that_dies_is_told(monkeypatch):
    monkeypatch.setattr(aside.sys, "executable", "/bin/false")

    with pytest.raises(JudgeDied, match="that judges on Spark ended with code 1"):
        aside.judge(Job(kind="data"), master="local[1]", memory="1g", seconds=60)
