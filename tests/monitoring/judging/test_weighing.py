"""Effects, corrected p-values, weights, segments and their limits, and other references."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, dump_result
from monitoring.specs import parse_check
from registry.problems import Invalid
from tests.monitoring import tables

P_VALUES = {
    "numeric": {"method": "ks", "limit": 0.05},
    "categorical": {"method": "chisquare", "limit": 0.05},
    "prediction": {"method": "ks", "limit": 0.05},
    "segments": [],
}
STRICT = {
    **P_VALUES,
    "numeric": {"method": "ks", "limit": 0.001},
    "categorical": {"method": "chisquare", "limit": 0.001},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("weighing")
    tables.write(tables.reference(), path / "reference.parquet")
    return path


@pytest.fixture(scope="module")
def contract(folder):
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=tables.ROLES)
    return learn_contract(job).contract


def judged(folder, contract, table, *, importance=None, **spec):
    job = tables.data_job(folder, table, contract, **spec)
    result = judge_data(replace(job, importance=importance or {}))
    dump_result(result)
    return result


def reading(result, feature, segment=""):
    return next(o for o in result.readings if (o.feature, o.segment) == (feature, segment))


def moved(count=1000, **columns):
    table = tables.batch(count)
    for name, change in columns.items():
        table[name] = change(table[name])
    return table


def test_inputs_and_the_prediction_are_told_apart_and_inputs_come_first(folder, contract):
    table = moved(prediction=lambda v: v**4, balance=lambda v: v + 600)

    result = judged(folder, contract, table, segments=[])

    assert [one["stage"] for one in result.summary["worst"]] == ["input", "prediction"]
    assert reading(result, "prediction").value > reading(result, "balance").value
    assert {one.stage for one in result.readings} == {"input", "prediction"}


def test_an_effect_is_in_standard_deviations_or_shares(folder, contract):
    result = judged(folder, contract, moved(balance=lambda v: v + 1000))

    assert reading(result, "balance").effect == pytest.approx(1.0, abs=0.1)
    assert reading(result, "age").effect < 0.1
    assert 0 <= reading(result, "region").effect < 0.1


def false_alarms(folder, contract, **spec):
    found = 0
    for seed in range(30):
        table = tables.batch(500, seed=1000 + seed)
        result = judged(folder, contract, table, **{**P_VALUES, **spec})
        found += result.state == "drift"
    return found


def test_corrected_p_values_give_few_false_alarms_and_raw_ones_many(folder, contract):
    corrected = false_alarms(folder, contract)
    raw = false_alarms(folder, contract, correction="none")

    assert corrected <= 6
    assert raw >= 2 * corrected


def test_an_adjusted_p_is_what_the_limit_is_held_to(folder, contract):
    result = judged(folder, contract, moved(balance=lambda v: v + 400), **STRICT)

    assert all(one.adjusted_p >= one.p_value for one in result.readings)
    assert {one.feature for one in result.readings if one.crossed} == {"balance"}
    assert all(one.crossed == (one.adjusted_p < 0.001) for one in result.readings)


def test_a_certain_but_small_effect_can_be_let_pass(folder, contract):
    table = moved(4000, balance=lambda v: v + 150)

    assert judged(folder, contract, table, **P_VALUES).state == "drift"
    result = judged(folder, contract, table, **P_VALUES, min_effect=0.2)
    assert result.state == "ok"
    assert reading(result, "balance").adjusted_p < 0.05


def test_what_matters_to_the_model_is_told_first(folder, contract):
    table = moved(balance=lambda v: v + 1000, income=lambda v: v * 1.6)
    weights = {"income": 0.6, "balance": 0.1, "age": 0.3, "no such column": 5}

    plain = judged(folder, contract, table, segments=[])
    weighed = judged(folder, contract, table, segments=[], importance=weights)

    assert plain.summary["weighted_share"] is None
    assert weighed.summary["weighted_share"] == pytest.approx(0.7)
    assert [one["feature"] for one in weighed.summary["worst"]] == ["income", "balance"]
    assert reading(weighed, "income").weight == pytest.approx(0.6)
    assert any("70 % of the model's weight: income (60 %)" in n for n in weighed.summary["notes"])


def test_a_segment_has_a_limit_of_its_own(folder, contract):
    table = tables.batch(2000)
    table.loc[table["region"] == "UK", "income"] *= 1.6
    spec = {"segments": ["region"], "segment_limits": {"region=UK": 5.0}}

    assert judged(folder, contract, table).state == "drift"
    assert judged(folder, contract, table, **spec).state == "ok"


def test_the_segment_that_a_change_comes_from_is_named(folder, contract):
    table = tables.batch(2000)
    table.loc[table["region"] == "EU", "balance"] += 3000

    result = judged(folder, contract, table)

    first = result.summary["explained_by"][0]
    assert (first["feature"], first["column"], first["value"]) == ("balance", "region", "EU")
    assert first["share"] > 0.8


def test_time_within_the_window_makes_segments(folder, contract):
    table = tables.batch(6000)
    weekend = table["time"].dt.dayofweek >= 5
    table.loc[weekend, "income"] *= 2

    result = judged(folder, contract, table, segments=["@weekday", "@day"])

    crossed = {one.segment for one in result.readings if one.crossed and one.segment}
    assert crossed == {"@weekday=Sat", "@weekday=Sun", "@day=2026-08-08", "@day=2026-08-09"}
    assert reading(result, "income", "@weekday=Mon").crossed is False


def seasonal(count, first, days, seed):
    table = tables.rows(count, first, days, seed)
    return table.assign(balance=table["balance"] + 2000 * (table["time"].dt.month - 6))


def test_a_season_is_no_alarm_when_months_are_matched(tmp_path):
    reference = seasonal(20_000, tables.START - timedelta(days=730), 720, 1)
    tables.write(reference.drop(columns=["request_id"]), tmp_path / "reference.parquet")
    job = Job(kind="learn", reference=str(tmp_path / "reference.parquet"), roles=tables.ROLES)
    contract = learn_contract(job).contract
    week = seasonal(1000, tables.START, 7, 2)

    assert judged(tmp_path, contract, week, segments=[]).state == "drift"
    result = judged(tmp_path, contract, week, segments=[], match=["month"])
    assert result.state == "ok"
    assert 1000 < reading(result, "balance").n_reference < 4000


def test_no_reference_of_the_same_kind_is_not_evaluated(folder, contract):
    reference = pd.read_parquet(folder / "reference.parquet")
    march = reference[reference["time"].dt.month == 3]
    tables.write(march, folder / "march.parquet")
    job = tables.data_job(folder, tables.batch(), contract, match=["month"])
    result = judge_data(replace(job, reference=str(folder / "march.parquet")))

    assert result.state == "not_evaluated"
    assert "the reference has only 0 rows of the same month" in result.reason


def correlated(table, rho, seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(0, 1, len(table))
    second = rho * first + np.sqrt(1 - rho**2) * rng.normal(0, 1, len(table))
    return table.assign(balance=1000 * first, income=30_000 * np.exp(0.3 * second))


@pytest.mark.parametrize("method", ["mmd", "domain_classifier"])
def test_what_no_column_shows_alone_is_found_by_looking_at_all(tmp_path, method):
    table = correlated(tables.reference(3000), 0.9, 1)
    tables.write(table, tmp_path / "reference.parquet")
    job = Job(kind="learn", reference=str(tmp_path / "reference.parquet"), roles=tables.ROLES)
    contract = learn_contract(job).contract
    look = {"method": method, "columns": ["balance", "income"]}
    spec = {"segments": [], "multivariate": [look]}

    same = judged(tmp_path, contract, correlated(tables.batch(1500), 0.9, 2), **spec)
    gone = judged(tmp_path, contract, correlated(tables.batch(1500), 0.0, 3), **spec)

    assert same.state == "ok", same.reason
    assert gone.state == "drift"
    assert [(o.feature, o.method) for o in gone.readings if o.crossed] == [
        ("balance, income", method)
    ]
    if method == "domain_classifier":
        assert "most of all" in gone.reason
        telling = {one["feature"] for one in gone.summary["together"][0]["telling"]}
        assert telling == {"balance", "income"}


def test_a_look_at_columns_that_are_not_there_is_never_ok(folder, contract):
    looks = [{"method": "mmd", "columns": ["income", "nowhere"]}]

    result = judged(folder, contract, tables.batch(), multivariate=looks)

    assert result.state == "not_evaluated"
    assert "nowhere could not be used" in result.reason


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"baseline": "window"}, "baseline_window"),
        ({"baseline_window": "2026-08-03T00:00:00Z"}, "baseline: window"),
        ({"segments": ["@year"]}, "@weekday, @hour, @day"),
        ({"segment_limits": {"region": 0.3}}, "a column of `segments`"),
        ({"segment_limits": {"sex=F": 0.3}}, "a column of `segments`"),
        ({"multivariate": [{"method": "mmd"}, {"method": "mmd"}]}, "twice"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_the_remedy(spec, words):
    with pytest.raises(Invalid) as refused:
        parse_check("data", {**tables.SPEC, **spec})

    assert words in str([vars(one) for one in refused.value.errors])
