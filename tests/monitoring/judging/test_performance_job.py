"""What the judge says of predictions once labels have come."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from monitoring.judging.performance_job import judge_performance
from monitoring.judging.protocol import Job, dump_result
from tests.monitoring import tables


def asked(folder, batch, labels, metrics, **spec):
    paths = [
        tables.write(part, folder / "labels" / f"part-{number}.parquet")
        for number, part in enumerate(labels)
    ]
    job = Job(
        kind="performance",
        spec={"start": tables.START.isoformat(), "metrics": metrics, "min_labels": 50, **spec},
        batch=tables.write(batch, folder / "batch.parquet"),
        labels=tuple(paths),
        reference=str(folder / "reference.parquet"),
        contract={"columns": {}},
    )
    result = judge_performance(job)
    dump_result(result)
    return result


def outcomes(batch, seed=3):
    rng = np.random.default_rng(seed)
    happened = (rng.random(len(batch)) < batch["prediction"]).astype(int)
    return pd.DataFrame({"request_id": batch["request_id"], "label": happened})


AUC = [{"name": "roc_auc", "direction": "min", "limit": 0.6}]


def test_labels_in_two_files_are_joined_and_measured(tmp_path):
    batch = tables.batch()
    labels = outcomes(batch).sample(frac=1, random_state=1)

    result = asked(tmp_path, batch, [labels[:500], labels[500:]], AUC)

    merged = batch.merge(outcomes(batch), on="request_id")
    assert result.state == "ok"
    assert result.completeness == 1
    assert result.readings[0].value == pytest.approx(
        roc_auc_score(merged["label"], merged["prediction"])
    )
    assert result.readings[0].method_version.startswith("scikit-learn")


def test_a_later_file_corrects_an_earlier_one(tmp_path):
    batch = tables.batch()
    truth = outcomes(batch)
    wrong = truth.assign(label=1 - truth["label"])

    assert asked(tmp_path, batch, [wrong, truth], AUC).state == "ok"
    assert asked(tmp_path, batch, [truth, wrong], AUC).state == "breach"


def test_a_breach_says_what_crossed(tmp_path):
    batch = tables.batch()
    metrics = [{"name": "accuracy", "limit": 0.99}, {"name": "f1", "limit": 0.0}]

    result = asked(tmp_path, batch, [outcomes(batch)], metrics)

    assert result.state == "breach"
    assert result.reason.startswith("accuracy is 0.")
    assert "below the limit of 0.99" in result.reason
    assert [one.crossed for one in result.readings] == [True, False]


def test_too_few_labels_are_no_verdict(tmp_path):
    batch = tables.batch()

    result = asked(tmp_path, batch, [outcomes(batch)[:120]], AUC)

    assert result.state == "not_evaluated"
    assert result.reason == "labels: 12 % of rows after 28 days (120 of 1,000)"
    assert result.completeness == pytest.approx(0.12)


def test_one_class_only_is_not_evaluated(tmp_path):
    batch = tables.batch()

    result = asked(tmp_path, batch, [outcomes(batch).assign(label=0)], AUC)

    assert result.state == "not_evaluated"
    assert "needs both outcomes" in result.reason


def test_named_classes_are_understood(tmp_path):
    batch = tables.batch()
    labels = outcomes(batch)
    batch = batch.assign(decision=np.where(batch["prediction"] > 0.5, "yes", "no"))
    labels = labels.assign(label=np.where(labels["label"] == 1, "yes", "no"))
    metrics = [{"name": "roc_auc", "limit": 0.5}, {"name": "recall", "limit": 0.1}]

    result = asked(tmp_path, batch, [labels], metrics, prediction="decision", score="prediction")

    assert result.state == "ok", result.reason


def test_regression_is_measured_without_the_rows_that_have_no_answer(tmp_path):
    batch = tables.batch()
    labels = batch[["request_id"]].assign(label=batch["income"] + 10)
    batch.loc[:9, "prediction"] = np.nan
    batch.loc[10:, "prediction"] = batch.loc[10:, "income"]
    metrics = [{"name": "mae", "direction": "max", "limit": 11}]

    result = asked(tmp_path, batch, [labels], metrics)

    assert result.readings[0].value == pytest.approx(10)
    assert result.readings[0].n_current == 990


def test_ranking_agrees_with_sklearn(tmp_path):
    rng = np.random.default_rng(0)
    batch = tables.batch(600).assign(session=[f"s{n // 6}" for n in range(600)])
    labels = batch[["request_id"]].assign(label=rng.integers(0, 2, 600))
    metrics = [{"name": n, "limit": 0} for n in ("ctr", "precision_at_k", "ndcg")]

    result = asked(tmp_path, batch, [labels], metrics, group="session", k=3)

    values = {one.feature: one.value for one in result.readings}
    truth = labels["label"].to_numpy().reshape(100, 6)
    scores = batch["prediction"].to_numpy().reshape(100, 6)
    order = np.argsort(-scores, axis=1)[:, :3]
    hit = truth.sum(axis=1) > 0
    assert result.state == "ok"
    assert values["ctr"] == pytest.approx(truth.mean())
    assert values["precision_at_k"] == pytest.approx(np.take_along_axis(truth, order, 1).mean())
    assert values["ndcg"] == pytest.approx(ndcg_score(truth[hit], scores[hit]))


def test_clusters_need_no_labels(tmp_path):
    batch = tables.batch()
    batch["prediction"] = (batch["balance"] > 0).astype(int)
    tables.write(tables.reference(), tmp_path / "reference.parquet")
    job = Job(
        kind="performance",
        spec={
            "start": tables.START.isoformat(),
            "metrics": [{"name": "silhouette", "limit": 0.99}],
        },
        batch=tables.write(batch, tmp_path / "batch.parquet"),
        reference=str(tmp_path / "reference.parquet"),
        contract={"columns": {"balance": {"family": "number"}, "income": {"family": "number"}}},
    )

    result = judge_performance(job)

    assert result.state == "breach"
    assert -1 < result.readings[0].value < 1


@pytest.mark.parametrize(
    ("labels", "state", "words"),
    [
        (pd.DataFrame({"request_id": ["a"], "outcome": [1]}), "data_fault", "has no column label"),
        (pd.DataFrame({"id": ["a"]}), "data_fault", "has no column label and no request_id"),
    ],
)
def test_labels_without_their_columns_are_a_data_fault(tmp_path, labels, state, words):
    result = asked(tmp_path, tables.batch(), [labels], AUC)

    assert result.state == state
    assert words in result.reason


def test_a_corrupt_label_file_is_a_source_fault(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/part.parquet").write_bytes(b"nonsense")
    job = Job(
        kind="performance",
        spec={"start": tables.START.isoformat(), "metrics": AUC},
        batch=tables.write(tables.batch(), tmp_path / "batch.parquet"),
        labels=(str(tmp_path / "labels/part.parquet"),),
    )

    result = judge_performance(job)

    assert result.state == "source_fault"
    assert "labels/part.parquet" in result.reason
