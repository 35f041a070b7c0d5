"""What a sweep makes of a real MLflow server: models, versions, aliases, runs, points, files."""

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from registry import clock, queries
from registry.mlflow import client as client_module
from registry.mlflow import lease, sync, transport
from registry.mlflow.client import Kind as Trouble
from registry.mlflow.client import MlflowError
from registry.models import AliasEvent, MetricPoint, ModelEvent, ModelVersion, SourceModel
from tests import factories
from tests.registry.inventory.sweeping import events, sweep

pytestmark = pytest.mark.django_db
Kind = ModelEvent.Kind


def test_a_version_is_known_with_its_run_and_evidence(team, server, model, name):
    run_id = team.run(muster_prediction="score")
    team.post("runs/log-parameter", {"run_id": run_id, "key": "depth", "value": "3"})
    team.log(run_id, "auc", 0.9)
    team.upload(run_id, "muster/importance.json", b'{"age": 0.7}')
    team.upload(run_id, "muster/reference.parquet", b"PAR1")
    team.model(name)
    team.alias(name, "champion", team.version(name, run_id))
    sweep(server)
    version = queries.champion(model)

    assert (version.number, version.run_id, version.params) == (1, run_id, {"depth": "3"})
    assert version.run_tags["muster.prediction"] == "score"
    assert version.documents == {"muster/importance.json": {"age": 0.7}}
    assert version.files["muster/reference.parquet"] == {
        "size": 4,
        "digest": hashlib.sha256(b"PAR1").hexdigest(),
    }
    assert (len(version.digest), version.evidence_fault) == (64, "")
    assert version.metrics["auc"]["value"] == "0.9"


def test_a_model_logged_by_mlflows_own_client_is_known_with_files_and_signature(
    server, model, name, tmp_path
):
    script = Path(__file__).parents[1] / "train_one.py"
    subprocess.run(
        [sys.executable, str(script), server.origin, name], check=True, cwd=tmp_path, timeout=240
    )
    sweep(server)
    version = queries.champion(model)

    assert version.mlflow_model_id.startswith("m-")
    assert [column["name"] for column in version.signature["inputs"]] == ["age", "income"]
    assert {"model/MLmodel", "model/requirements.txt", "muster/importance.json"} <= set(
        version.files
    )
    assert all(len(file["digest"]) == 64 for file in version.files.values())
    made_with = version.documents.pop("model/MLmodel")
    assert made_with["flavors"] and "mlflow" in made_with["versions"]
    assert version.documents == {"muster/importance.json": {"age": 0.9, "income": 0.1}}
    (dataset,) = version.datasets
    assert (dataset["name"], dataset["context"]) == ("train", "training")
    assert dataset["digest"]
    assert (version.params, version.evidence_fault) == ({"C": "2"}, "")


def test_a_second_sweep_writes_nothing_and_asks_little(team, server, model, name, monkeypatch):
    run_id = team.run()
    team.log(run_id, "auc", 0.9)
    team.model(name)
    team.alias(name, "champion", team.version(name, run_id))
    sweep(server)
    before = (AliasEvent.objects.count(), ModelEvent.objects.count(), MetricPoint.objects.count())
    asked = []
    request = transport.outbound.request
    monkeypatch.setattr(
        transport.outbound, "request", lambda *a, **k: (asked.append(a[1]), request(*a, **k))[1]
    )
    sweep(server)

    assert before == (
        AliasEvent.objects.count(),
        ModelEvent.objects.count(),
        MetricPoint.objects.count(),
    )
    assert [url.split("mlflow/")[1].split("?")[0] for url in asked] == [
        "registered-models/search",
        "model-versions/search",
        "experiments/search",
        "runs/search",
    ]


def test_values_that_are_no_numbers_are_kept_as_what_they_are(team, server, model, name):
    run_id = team.run()
    for number, value in enumerate(["NaN", 1.7976931348623157e308, -1.7976931348623157e308, 0.1]):
        team.log(run_id, "odd", value, step=number, at=number + 1)
    team.model(name)
    team.alias(name, "champion", team.version(name, run_id))
    sweep(server)
    points = queries.metric_series(queries.champion(model), "odd")

    assert [(point.value, point.number) for point in points] == [
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ("0.1", 0.1),
    ]


def test_the_latest_value_is_the_newest_by_time_not_by_step(team, server, model, name):
    run_id = team.run()
    team.log(run_id, "auc", 0.9, step=5, at=100)
    team.log(run_id, "auc", 0.7, step=2, at=200)
    team.model(name)
    team.alias(name, "champion", team.version(name, run_id))
    sweep(server)
    first = queries.champion(model).metrics["auc"]
    sweep(server)

    assert first["value"] == "0.7"
    assert queries.champion(model).metrics["auc"] == first


def test_new_points_come_from_where_we_stopped_and_filled_in_ones_later(
    team, server, model, name, monkeypatch
):
    run_id = team.run()
    team.model(name)
    team.alias(name, "champion", team.version(name, run_id))
    for step in (1, 2, 3):
        team.log(run_id, "latency", step, step=step, at=step * 100)
    sweep(server)
    asked = []
    histories = client_module.Client.metric_histories
    monkeypatch.setattr(
        client_module.Client,
        "metric_histories",
        lambda self, key, runs, after=None: (
            asked.append(after),
            histories(self, key, runs, after),
        )[1],
    )
    version = queries.champion(model)
    team.log(run_id, "latency", 4, step=4, at=400)
    team.log(run_id, "latency", 0, step=0, at=50)
    sweep(server, at=factories.NOW + timedelta(minutes=59))
    early = [point.step for point in queries.metric_series(version, "latency")]
    sweep(server, at=factories.NOW + timedelta(minutes=61))

    assert asked == [3, None]
    assert early == [1, 2, 3, 4]
    assert [point.step for point in queries.metric_series(version, "latency")] == [0, 1, 2, 3, 4]


def test_more_points_than_mlflow_gives_unsampled_are_all_read(
    team, server, model, name, monkeypatch
):
    monkeypatch.setattr(client_module, "_SAMPLED", 5)
    short, long = team.run(), team.run()
    for run_id, count in ((short, 2), (long, 12)):
        team.post(
            "runs/log-batch",
            {
                "run_id": run_id,
                "metrics": [
                    {"key": "loss", "value": n, "timestamp": 1000 + n, "step": n}
                    for n in range(count)
                ],
            },
        )
    team.model(name)
    for alias, run_id in (("champion", short), ("challenger", long)):
        team.alias(name, alias, team.version(name, run_id))
    sweep(server)

    assert len(queries.metric_series(queries.champion(model), "loss")) == 2
    assert len(queries.metric_series(queries.challenger(model), "loss")) == 12


def test_what_decides_says_when_its_points_were_read(team, server, model, name):
    """A check may say that a value is absent only after a look that began late enough."""
    team.model(name)
    first, second = team.version(name, team.run()), team.version(name, team.run())
    team.alias(name, "champion", second)
    sweep(server)

    read = dict(queries.versions(model).values_list("number", "points_read_at"))
    assert read == {first: None, second: factories.NOW}


def test_an_alias_that_moves_leaves_its_history(team, server, model, name):
    team.model(name)
    numbers = [team.version(name, team.run()) for _ in range(2)]
    team.alias(name, "champion", numbers[0])
    sweep(server)
    team.alias(name, "champion", numbers[1])
    sweep(server)

    moves = [(event.from_number, event.to_number) for event in queries.alias_history(model)]
    assert moves == [(1, 2), (None, 1)]
    assert queries.champion(model).number == 2
    assert events(model, Kind.ALIAS_MOVED)[-1] == {"alias": "champion", "from": 1, "to": 2}


def test_serving_without_approval_is_said_once_for_each_version(team, server, model, name):
    team.model(name)
    team.alias(name, "champion", team.version(name, team.run()))
    for _ in range(3):
        sweep(server)
    team.alias(name, "champion", team.version(name, team.run()))
    sweep(server)

    assert events(model, Kind.SERVING_WITHOUT_APPROVAL) == [{"number": 1}, {"number": 2}]


def test_a_model_that_is_registered_later_is_tied_and_told_then(team, server, name):
    team.model(name)
    team.alias(name, "champion", team.version(name, team.run()))
    sweep(server)
    unread = ModelVersion.objects.get(source_model__name=name).evidence_read_at
    model = factories.RegisteredModelFactory.create(mlflow_server=server, mlflow_name=name)
    sweep(server)

    assert unread is None
    assert queries.champion(model).evidence_read_at is not None
    assert events(model, Kind.SERVING_WITHOUT_APPROVAL) == [{"number": 1}]


def test_artifacts_are_read_when_the_run_is_over(team, server, model, name):
    run_id = team.run(over=False)
    team.model(name)
    team.version(name, run_id)
    sweep(server, at=clock.now())
    waiting = queries.versions(model).get().evidence_read_at
    team.upload(run_id, "muster/oot.json", b'{"value": 0.8}')
    team.end(run_id)
    sweep(server, at=clock.now())

    assert waiting is None
    assert queries.versions(model).get().documents == {"muster/oot.json": {"value": 0.8}}


@pytest.mark.parametrize(
    "content", [b"not json", b'{"value": NaN}', b'{"a": "\\u0000"}', b"[" * 3000, b"\xff"]
)
def test_a_document_that_cannot_be_read_is_told_and_the_rest_is_kept(
    team, server, model, name, content
):
    run_id = team.run()
    team.upload(run_id, "muster/oot.json", content)
    team.upload(run_id, "muster/importance.json", b'{"age": 1}')
    team.model(name)
    team.version(name, run_id)
    sweep(server)
    version = queries.versions(model).get()

    assert version.documents == {"muster/importance.json": {"age": 1}}
    assert version.evidence_fault.startswith("muster/oot.json: ")
    assert version.evidence_read_at is not None


def test_artifacts_that_cannot_be_read_today_are_read_tomorrow(
    team, server, model, name, monkeypatch
):
    run_id = team.run()
    team.upload(run_id, "muster/oot.json", b'{"value": 0.8}')
    team.model(name)
    team.version(name, run_id)
    with monkeypatch.context() as patched:

        def broken(*arguments, **more):
            raise MlflowError("MLflow answers 500: oops", Trouble.UNREACHABLE)

        patched.setattr(client_module.Client, "list_artifacts", broken)
        sweep(server)
        broken_version = queries.versions(model).get()
    sweep(server)
    version = queries.versions(model).get()

    assert (broken_version.evidence_read_at, version.evidence_fault) == (None, "")
    assert broken_version.evidence_fault == "MLflow answers 500: oops"
    assert version.documents == {"muster/oot.json": {"value": 0.8}}


def test_names_and_values_that_postgresql_cannot_store_are_replaced(team, server, model, name):
    run_id = team.run()
    team.post("runs/set-tag", {"run_id": run_id, "key": "note", "value": "a\x00b"})
    team.model(name)
    team.version(name, run_id)
    sweep(server)

    assert queries.versions(model).get().run_tags["note"] in ("a\ufffdb", "ab")


def test_two_sweeps_at_once_share_the_work(server):
    first, second = lease.claim(), lease.claim()

    assert (first.server_id, second) == (server.pk, None)


def test_a_sweep_that_lost_its_lease_writes_nothing(team, server, model, name):
    team.model(name)
    held = lease.claim()
    type(server).objects.filter(pk=server.pk).update(lease_token=held.token + 1)

    with pytest.raises(lease.LeaseLost):
        sync.sweep(held, at=factories.NOW, seconds=30)
    assert not SourceModel.objects.exists()
