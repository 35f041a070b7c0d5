"""Publish to a real MLflow server: the logging contract, a second run, a retraining."""

import io
import json
from datetime import UTC, datetime

import mlflow
import pandas as pd
import pytest

from examples.fleet import experiments, landing, publication, retraining, unregistered
from examples.fleet.calendar import Calendar
from examples.fleet.catalogue import MODELS, find
from examples.fleet.publication import Publication, land_late, publish_model
from examples.fleet.retraining import Job

pytestmark = pytest.mark.journey


class StandIn:
    """Takes what it is told, as Muster would; knows one missed window."""

    def __init__(self):
        self.objects, self.missed = {}, []

    def put(self, *path, body):
        self.objects["/".join(path)] = body
        return {}

    def get(self, *path):
        return {"digest": "d1ge5t"}

    def every(self, *path, **query):
        return iter(self.missed)


@pytest.fixture
def to(mlflow_server, tmp_path):
    calendar = Calendar.ending_before(datetime(2026, 11, 21, tzinfo=UTC))
    return Publication(StandIn(), experiments.connect(mlflow_server), tmp_path, calendar)


def files_of(to, spec):
    return {path: path.stat().st_mtime_ns for path in (to.landing / spec.slug).rglob("*.parquet")}


def read_text(run_id, name):
    return mlflow.artifacts.load_text(f"runs:/{run_id}/muster/{name}")


def test_a_model_is_published_once_as_the_logging_contract_says(to):
    spec = find("credit-scoring")

    first = publish_model(to, spec)
    landed = files_of(to, spec)
    second = publish_model(to, spec)

    assert (first, second) == ("3 versions, 22 files", "known")
    assert files_of(to, spec) == landed
    assert len(to.mlflow.search_model_versions(f"name='{spec.slug}'")) == 3
    aliases = to.mlflow.get_registered_model(spec.slug).aliases
    assert {name: int(number) for name, number in aliases.items()} == {
        "champion": 2,
        "challenger": 3,
    }
    run = to.mlflow.get_run(to.mlflow.get_model_version(spec.slug, "2").run_id)
    assert run.data.tags["muster.segments"] == "region,cohort"
    assert run.data.tags["muster.time"] == "time"
    assert run.data.tags["muster.label"] == "label"
    assert len(run.data.tags["mlflow.source.git.commit"]) == 40
    assert run.data.metrics["roc_auc"] > 0.7
    assert run.data.params["estimator"] == "logistic"
    assert run.inputs.dataset_inputs[0].dataset.digest
    assert sum(json.loads(read_text(run.info.run_id, "importance.json")).values()) == pytest.approx(
        1.0, abs=0.01
    )
    groups = json.loads(read_text(run.info.run_id, "groups.json"))
    assert all(row["n"] >= row["selected"] for row in groups["age_band"])
    out_of_time = json.loads(read_text(run.info.run_id, "oot.json"))
    set_at = datetime.fromisoformat(out_of_time["limit_set_at"])
    assert set_at.timestamp() * 1000 < run.info.start_time
    assert out_of_time["train_end"] < out_of_time["oot_end"]


def test_a_published_model_can_be_loaded_and_answers_from_its_signature(to):
    spec = find("saas-expansion")
    publish_model(to, spec)

    model = mlflow.pyfunc.load_model(f"models:/{spec.slug}@champion")
    batch = pd.read_parquet(landing.batch_path(to.landing, spec.slug, to.calendar, 1))
    inputs = batch[model.metadata.get_input_schema().input_names()].head(20)
    numbers = inputs.select_dtypes("number").columns

    assert len(model.predict(inputs.astype(dict.fromkeys(numbers, "float64")))) == 20


def test_what_a_crash_left_out_is_made_good_without_new_versions(to):
    spec = find("pay-band")
    publish_model(to, spec)
    lost = landing.batch_path(to.landing, spec.slug, to.calendar, 7)
    before = lost.read_bytes()
    lost.unlink()

    publish_model(to, spec)

    assert len(to.mlflow.search_model_versions(f"name='{spec.slug}'")) == 1
    pd.testing.assert_frame_equal(pd.read_parquet(lost), pd.read_parquet(io.BytesIO(before)))


def test_the_latency_of_each_week_lies_in_its_window(to):
    spec = find("ad-click")
    publish_model(to, spec)

    champion = to.mlflow.get_model_version_by_alias(spec.slug, "champion")
    points = to.mlflow.get_metric_history(champion.run_id, "latency_p95_ms")

    ordered = sorted(points, key=lambda point: point.timestamp)
    for number, point in enumerate(ordered, start=1):
        start = to.calendar.window(number).timestamp() * 1000
        assert start <= point.timestamp < start + 7 * 86_400_000
        assert (point.value > spec.latency[1]) is (number >= spec.script.first)
    assert len(points) == 13


def test_a_late_batch_waits_until_it_was_missed(to, monkeypatch):
    monkeypatch.setattr(publication, "LATE_SECONDS", 0.0)
    spec = find("telecom-churn-fiber")
    publish_model(to, spec)
    late = landing.batch_path(to.landing, spec.slug, to.calendar, 12)
    assert not late.exists()

    assert "had not noticed" in land_late(to, spec)
    late.unlink()
    monkeypatch.setattr(publication, "LATE_SECONDS", 5.0)
    to.muster.missed = [
        {"check": "data", "state": "missed", "window_start": f"{to.calendar.window(12):%Y-%m-%d}"}
    ]

    assert "had missed it" in land_late(to, spec)
    assert len(pd.read_parquet(late)) == spec.rows
    assert "is there" in land_late(to, spec)


def test_a_retraining_makes_one_challenger_from_old_and_new_rows(to):
    spec = find("saas-expansion")
    publish_model(to, spec)
    job = Job("0b1d2c3e-0000-4000-8000-000000000001", spec.slug, to.calendar.end)

    said = retraining.retrain(to.mlflow, to.muster, to.landing, job)
    again = retraining.retrain(to.mlflow, to.muster, to.landing, job)

    assert "fresh rows" in said and "done before" in again
    version = to.mlflow.get_model_version_by_alias(spec.slug, "challenger")
    run = to.mlflow.get_run(version.run_id)
    assert run.data.tags["muster.job"] == job.job
    assert to.mlflow.get_model_version_by_alias(spec.slug, "champion").version == "1"
    rollback = json.loads(read_text(version.run_id, "rollback.json"))
    assert (rollback["target"], rollback["digest"], rollback["loads"]) == (1, "d1ge5t", True)
    assert rollback["max_difference"] <= rollback["tolerance"]
    # The outcome had turned: what was learned again fits the weeks since.
    assert run.data.metrics["roc_auc"] > 0.6


def test_three_models_are_left_that_nobody_registers(to):
    mlflow_names = [stray.name for stray in unregistered.STRAYS]

    first = unregistered.leave(to.mlflow)
    second = unregistered.leave(to.mlflow)

    assert (first, second) == (3, 0)
    assert to.muster.objects == {}
    assert not set(mlflow_names) & {spec.slug for spec in MODELS}
    found = [to.mlflow.get_registered_model(name) for name in mlflow_names]
    assert [model.tags.get("muster.unit") for model in found] == ["marketing", "payments", None]
    assert found[0].aliases == {"champion": "1"}
    assert all(len(to.mlflow.search_model_versions(f"name='{name}'")) == 1 for name in mlflow_names)
    assert mlflow.pyfunc.load_model("models:/test-model-final/1").metadata.signature
