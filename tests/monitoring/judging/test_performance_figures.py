"""Costs, calibration, horizons, clusters and segments, as the judge tells them."""

import numpy as np
import pandas as pd
import pytest

from monitoring.judging.performance_job import judge_performance
from monitoring.judging.protocol import Job, Roles
from monitoring.specs import parse_check
from registry.problems import Invalid
from tests.monitoring import tables
from tests.monitoring.judging.test_performance_job import asked, outcomes


def value(result, name, segment=""):
    return next(r.value for r in result.readings if (r.feature, r.segment) == (name, segment))


def test_decisions_cost_what_the_matrix_says(tmp_path):
    batch = tables.batch()
    labels = outcomes(batch)
    metrics = [
        {"name": "cost", "direction": "max", "limit": 3, "costs": {"fp": 1, "fn": 20}},
        {"name": "fbeta", "beta": 2, "limit": 0.1},
        {"name": "brier", "direction": "max", "limit": 0.3},
        {"name": "calibration", "direction": "max", "limit": 0.1},
    ]

    result = asked(tmp_path, batch, [labels], metrics)

    answer, truth = batch["prediction"] >= 0.5, labels["label"] == 1
    wanted = (answer & ~truth).mean() + 20 * (~answer & truth).mean()
    assert value(result, "cost") == pytest.approx(wanted)
    assert result.state == ("breach" if wanted > 3 else "ok")
    assert value(result, "calibration") < 0.1
    assert {one.stage for one in result.readings} == {"performance"}


def test_a_score_beyond_one_has_no_calibration(tmp_path):
    batch = tables.batch()
    batch["prediction"] *= 100
    metrics = [{"name": "brier", "direction": "max", "limit": 0.3}]

    result = asked(tmp_path, batch, [outcomes(batch)], metrics)

    assert result.state == "not_evaluated"
    assert "needs probabilities from 0 to 1" in result.reason


def test_bias_says_its_side(tmp_path):
    batch = tables.batch()
    labels = batch[["request_id"]].assign(label=batch["prediction"] + 3)
    metrics = [{"name": "bias", "direction": "max", "limit": 2}]

    result = asked(tmp_path, batch, [labels], metrics)

    assert result.state == "breach"
    assert result.reason == "bias is 3, above the limit of 2 (answers are too low)"


def forecasts(weeks=8):
    """Daily demand of two shops with a weekly season, and forecasts of one and two days ahead."""
    days = np.arange(7 * weeks)
    parts = []
    for shop, base in (("a", 100.0), ("b", 40.0)):
        demand = base + 10 * (days % 7) + np.random.default_rng(int(base)).normal(0, 2, len(days))
        parts.append(
            pd.DataFrame(
                {
                    "time": tables.START - pd.Timedelta(days=60) + pd.to_timedelta(days, "D"),
                    "shop": shop,
                    "label": demand,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def judged_forecast(folder, batch, labels, **spec):
    reference = forecasts()
    job = Job(
        kind="performance",
        spec={
            "start": tables.START.isoformat(), "min_labels": 50, "season_length": 7,
            "series": ["shop"], "horizon": "horizon", "segment_min_labels": 50,
            "metrics": [{"name": "mase", "direction": "max", "limit": 1.0}], **spec,
        },
        batch=tables.write(batch, folder / "batch.parquet"),
        labels=(tables.write(labels, folder / "labels.parquet"),),
        reference=tables.write(reference, folder / "reference.parquet"),
        roles=Roles(prediction="prediction", label="label", time="time"),
    )  # fmt: skip
    return judge_performance(job), reference


def horizons(rows=400):
    rng = np.random.default_rng(5)
    truth = rng.uniform(50, 150, rows)
    ahead = np.arange(rows) % 2 + 1
    batch = pd.DataFrame(
        {
            "request_id": [f"r{n}" for n in range(rows)],
            "shop": "a",
            "horizon": ahead,
            "prediction": truth + np.where(ahead == 1, 1.0, 9.0),
        }
    )
    return batch, batch[["request_id"]].assign(label=truth)


def test_each_horizon_is_held_against_the_seasonal_naive_forecast(tmp_path):
    result, reference = judged_forecast(tmp_path, *horizons())

    naive = np.mean(
        [
            np.abs(part["label"].to_numpy()[7:] - part["label"].to_numpy()[:-7]).mean()
            for _, part in reference.groupby("shop")
        ]
    )
    assert value(result, "mase") == pytest.approx(5 / naive)
    assert value(result, "mase", "horizon=1") == pytest.approx(1 / naive)
    assert value(result, "mase", "horizon=2") == pytest.approx(9 / naive)
    assert result.state == "breach"
    assert "a seasonal naive forecast errs by" in result.reason


def test_a_horizon_may_have_a_limit_of_its_own(tmp_path):
    metrics = [{"name": "mae", "direction": "max", "limit": 20, "segment_limits": {"horizon=2": 8}}]

    result, _ = judged_forecast(tmp_path, *horizons(), metrics=metrics)

    assert result.state == "breach"
    assert result.reason == "mae in horizon=2 is 9, above the limit of 8"
    assert [(r.segment, r.limit) for r in result.readings] == [
        ("", 20), ("horizon=1", None), ("horizon=2", 8),
    ]  # fmt: skip


def test_without_a_season_in_the_reference_mase_is_unknown(tmp_path):
    result, _ = judged_forecast(tmp_path, *horizons(), season_length=500)

    assert result.state == "not_evaluated"
    assert "no series with a season of 500" in result.reason


def test_segments_are_measured_when_they_have_enough_labels(tmp_path):
    batch = tables.batch()
    labels = outcomes(batch)
    turned = batch["region"].to_numpy() == "UK"
    labels["label"] = np.where(turned, 1 - labels["label"], labels["label"])
    metrics = [{"name": "roc_auc", "limit": 0.5, "segment_limit": 0.5}]
    asked_for = {"segments": ["region"], "segment_min_labels": 150}

    result = asked(tmp_path, batch, [labels], metrics, **asked_for)
    larger = asked(tmp_path, batch, [labels], metrics, **{**asked_for, "segment_min_labels": 300})

    assert result.state == "breach"
    assert [r.segment for r in result.readings if r.crossed] == ["region=UK"]
    assert "region=UK" not in {r.segment for r in larger.readings}
    assert larger.state == "ok"


def test_a_segment_without_a_limit_is_shown_and_decides_nothing(tmp_path):
    batch = tables.batch()
    labels = outcomes(batch)
    labels.loc[batch["region"] == "UK", "label"] = 0
    metrics = [{"name": "roc_auc", "limit": 0.5}]

    result = asked(tmp_path, batch, [labels], metrics, segments=["region"])

    assert result.state == "ok"
    assert value(result, "roc_auc", "region=UK") is None
    assert value(result, "roc_auc", "region=EU") > 0.5


def clusters(folder, then, now):
    reference = tables.reference().assign(prediction=then(4000))
    metrics = [{"name": "cluster_shift", "direction": "max", "limit": 0.1}]
    return judge_performance(
        Job(
            kind="performance",
            spec={"start": tables.START.isoformat(), "metrics": metrics},
            batch=tables.write(tables.batch().assign(prediction=now(1000)), folder / "b.parquet"),
            reference=tables.write(reference, folder / "reference.parquet"),
        )
    )


def test_clusters_that_fill_or_empty_are_told(tmp_path):
    def even(count):
        return np.arange(count) % 4

    same = clusters(tmp_path, even, even)
    moved = clusters(tmp_path, even, lambda count: np.minimum(np.arange(count) % 5, 3))

    assert (same.state, value(same, "cluster_shift")) == ("ok", 0.0)
    assert moved.state == "breach"
    assert value(moved, "cluster_shift") == pytest.approx(0.15)
    assert "cluster 3 went from 25 % to 40 % of the rows" in moved.reason
    (histogram,) = moved.histograms
    assert (histogram.labels, histogram.current) == (["0", "1", "2", "3"], [200, 200, 200, 400])


def made_up(folder, table):
    columns = {name: {"family": "number"} for name in ("income", "age", "balance", "label")}
    return judge_performance(
        Job(
            kind="performance",
            spec={
                "start": tables.START.isoformat(),
                "metrics": [{"name": "detection_auc", "direction": "max", "limit": 0.7}],
            },
            contract={"columns": columns},
            batch=tables.write(table.drop(columns=["prediction"]), folder / "b.parquet"),
            reference=tables.write(tables.reference(), folder / "reference.parquet"),
        )
    )


def test_made_up_rows_are_told_from_real_ones_by_what_gives_them_away(tmp_path):
    real, false = tables.batch(), tables.batch().assign(balance=0.0)

    good, bad = made_up(tmp_path, real), made_up(tmp_path, false)

    assert good.state == "ok"
    assert value(good, "detection_auc") < 0.6
    assert bad.state == "breach"
    assert "told by balance" in bad.reason


@pytest.mark.parametrize(
    ("metric", "more", "words"),
    [
        ({"name": "fbeta"}, {}, "fbeta needs `beta`"),
        ({"name": "f1", "beta": 2}, {}, "no other metric has one"),
        ({"name": "cost", "direction": "max"}, {}, "cost needs `costs`"),
        ({"name": "brier"}, {}, "brier is bad above its limit"),
        ({"name": "mase", "direction": "max"}, {}, "mase needs `season_length`"),
        ({"name": "mae"}, {"estimate": "confidence"}, "an estimate is possible of"),
    ],
)
def test_what_means_nothing_is_refused(metric, more, words):
    with pytest.raises(Invalid) as refused:
        parse_check(
            "performance",
            {"start": "2026-08-03T00:00:00Z", "metrics": [{"limit": 1, **metric}], **more},
        )

    assert any(words in error.detail for error in refused.value.errors)
