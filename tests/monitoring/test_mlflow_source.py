"""Runs in a real MLflow as a source: what they log becomes batches, what goes wrong is told."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring import sourcing
from monitoring.models import Batch, LabelSet, Run, Source
from registry import clock
from registry.mlflow.client import Client, OutOfTime
from registry.models import MLflowServer
from registry.models.models import SlugHistory
from tests import factories
from tests.monitoring import scoring, tables, watching
from tests.monitoring.scoring import dataset, faults, finish, put, scored, tie
from tests.monitoring.tables import START, WEEK
from tests.monitoring.watching import after, look, watched, week
from tests.registry.training import Team

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(mlflow_server):
    return Team(mlflow_server)


@pytest.fixture
def made(tmp_path, judge, settings, team):
    found = watched(tmp_path)
    tie(found, team)
    return found


def test_the_table_of_a_run_is_judged_like_a_file(made, team):
    put(made)
    check = watching.check(made, source="runs")
    run_id = scored(team, week())

    look(after(1))
    look(after(1, hours=1))

    (run,) = made.runs(check)
    assert (run.state, run.reason, run.rows) == ("ok", "", 600)
    assert run.made_with["mlflow_run"] == run_id
    assert run.made_with["mlflow_artifact"] == "scored.json"
    batch = Batch.objects.get()
    assert (batch.format, batch.window_start) == ("table", START)
    assert Path(batch.path).read_bytes() == scoring.table(week())
    assert faults() == ""


@pytest.mark.parametrize("path", ["scored.parquet", "daily/scored rows.csv", "scored.jsonl"])
def test_a_file_of_another_format_is_read_as_its_name_says(made, team, path):
    rows = week()
    content = {
        "csv": rows.to_csv(index=False).encode(),
        "jsonl": rows.to_json(orient="records", lines=True, date_format="iso").encode(),
    }.get(path.rpartition(".")[2], rows)
    put(made, artifact=path)
    check = watching.check(made, source="runs")
    scored(team, content, path=path)

    look(after(1))

    assert made.states(check) == ["ok"]


def test_without_the_tag_a_run_belongs_to_the_window_in_which_it_began(made, team):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, week(), started=START + timedelta(days=6, hours=23), minutes=90)
    scored(team, week(1), started=START + WEEK, minutes=5)

    look(after(2))

    assert Batch.objects.count() == 2
    assert made.states(check) == ["ok", "ok"]


def test_of_several_runs_the_one_that_ended_last_counts_also_when_it_comes_late(made, team):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, week(count=300), minutes=9)
    scored(team, week(count=400), minutes=5)
    scored(team, week(count=900), minutes=20, status="FAILED")
    going = scored(team, week(count=700), status="RUNNING")

    look(after(1))
    (run,) = made.runs(check)
    assert (run.rows, run.revision) == (300, 1)
    assert run.made_with["mlflow_runs"] == "the newest of 2 that this window has"

    finish(team, going, after(1, days=3))
    look(after(1, days=3))
    (run,) = made.runs(check)
    assert (run.rows, run.revision) == (700, 2)
    assert run.made_with["mlflow_run"] == going


def test_a_run_is_fetched_once_and_again_when_it_went_on(made, team, monkeypatch):
    put(made)
    check = watching.check(made, source="runs")
    run_id = scored(team, week(count=300))
    look(after(1))
    before = Batch.objects.get().landed_at

    look(after(1, hours=1))
    assert Batch.objects.get().landed_at == before

    team.upload(run_id, "scored.json", scoring.table(week(count=500)))
    finish(team, run_id, after(1, hours=2))
    look(after(1, hours=2))
    assert [run.rows for run in made.runs(check)] == [500]


def test_only_runs_that_say_they_are_of_this_model_are_read(made, team):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, week(), model="credit-cards")
    scored(team, week(), model=None)

    look(after(1))
    assert Batch.objects.count() == 0
    assert faults() == ""

    SlugHistory.objects.create(slug="formerly", model=made.model)
    scored(team, week(count=250), model="formerly", minutes=2)
    scored(team, week(count=350), model=str(made.model.uuid), minutes=3)
    look(after(1))
    assert [run.rows for run in made.runs(check)] == [350]


def test_tables_without_the_tag_of_a_model_are_pointed_out(made, team):
    put(made)
    run_id = scored(team, week(), model=None)
    logged = json.dumps([{"path": "scored.json", "type": "table"}])
    team.post("runs/set-tag", {"run_id": run_id, "key": "mlflow.loggedArtifacts", "value": logged})

    look(after(1))

    assert "set their tag muster.model to credit" in faults()


def test_labels_come_from_later_runs_of_the_same_window(made, team):
    put(made, labels_artifact="paid.json")
    watching.check(made, source="runs")
    auc = watching.check(made, "auc", "performance", source="runs", min_labels=50)
    rows = week()
    labels = rows[["request_id"]].assign(label=(rows["prediction"] > 0.5).astype(int))
    scored(team, rows)
    look(after(1))
    assert LabelSet.objects.count() == 0

    scored(team, labels, path="paid.json", minutes=60)
    look(after(1, hours=2))

    assert faults() == ""
    found = LabelSet.objects.get()
    assert (found.name, found.window_start, found.format) == ("2026-08-03", START, "table")
    assert made.states(auc) == ["ok"]
    assert Batch.objects.count() == 1


def test_labels_of_a_run_without_a_window_may_be_of_any(made, team):
    put(made, labels_artifact="paid.json")
    rows = week()
    labels = rows[["request_id"]].assign(label=1)
    run_id = scored(team, labels, path="paid.json", started=after(4))

    look(after(4))
    look(after(4, hours=1))

    found = LabelSet.objects.get()
    assert (found.name, found.window_start) == (run_id, None)


def test_a_named_experiment_is_found_by_name_and_number(made, team, mlflow_server):
    other = Team(mlflow_server)
    scored(other, week())
    name = other.post("experiments/create", {"name": "2026"})["experiment_id"]
    source = put(made, address=other.experiment)
    look(after(1))
    assert Batch.objects.count() == 1

    put(made, address="2026")
    look(after(1))
    assert faults() == ""
    other.post("experiments/delete", {"experiment_id": name})
    look(after(1))
    assert "is deleted in MLflow" in faults()
    put(made, address="nowhere")
    look(after(1))
    assert "no experiment nowhere that Muster may see" in faults()
    assert source.batches.count() == 1


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (b"\x80\x04\x95pickled", "source_fault", "no table as mlflow.log_table writes it"),
        (b"[" * 1_000_000, "source_fault", "it is no JSON"),
        (b'{"columns": ["a"], "data": [[1, 2]]}', "source_fault", "one value for each column"),
        (b'{"columns": [1], "data": []}', "source_fault", "no list of names"),
        (b'{"a": 1}\n{"a": 2}\n', "source_fault", "named .jsonl"),
        (b'{"columns": ["income"], "data": [[1], ["x"]]}', "data_fault", "changes its type"),
        (b'{"columns": ["income"], "data": []}', "data_fault", ""),
        (b'{"columns": ["income"], "data": [[' + b"9" * 5000 + b"]]}", "source_fault", "no JSON"),
        (b'{"columns": ["income"], "data": [[' + b"9" * 50 + b"]]}", "data_fault", "type"),
        (b'{"columns": ["\\ud800"], "data": [["a"]]}', "data_fault", "missing"),
        (b'{"columns": ["a\\u0000"], "data": [["a"]]}', "data_fault", "missing"),
        (b'{"columns": ["region"], "data": [["\\ud800"]]}', "data_fault", ""),
        (b"", "source_fault", "0 bytes"),
    ],
)
def test_what_is_no_table_ends_in_a_sentence(made, team, content, state, words):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, content)

    look(after(1))

    (run,) = made.runs(check)
    assert run.state == state
    assert words in run.reason
    assert run.reason


def test_a_bomb_of_brackets_ends_the_child_and_not_the_judge(made, team):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, b'{"columns": [], "data": [' + b"[]," * 20_000_000 + b"[]]}")
    scored(team, week(1), week=1)

    look(after(2))

    first, second = made.runs(check)
    assert first.state in ("data_fault", "failed", "not_evaluated")
    assert second.state == "ok"


def test_what_a_run_lacks_or_has_too_much_of_is_a_source_fault(made, team, settings):
    put(made)
    check = watching.check(made, source="runs")
    empty = scored(team, None)

    look(after(1, hours=25))
    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert f"The run {empty} of the window 2026-08-03 logged no scored.json" in run.reason

    settings.MUSTER_UPLOAD_MB = 0
    scored(team, week(), minutes=3)
    look(after(1, hours=26))
    assert "MUSTER_UPLOAD_MB" in faults()
    settings.MUSTER_UPLOAD_MB = 512
    look(after(1, hours=27))
    assert (made.states(check), faults()) == (["ok"], "")
    folder = Path(settings.MUSTER_DATA_DIR) / "mlflow"
    assert [path.name for path in folder.rglob(".*")] == []


def test_a_window_that_no_check_has_is_told_with_those_near_it(made, team):
    put(made)
    watching.check(made, source="runs")
    scored(team, week(), window="2026-08-04")
    scored(team, week(1), window="last week", minutes=2)

    look(after(2))

    assert "windows near it start at 2026-08-03, 2026-08-10" in faults()
    assert "'last week' is not the start of a window" in faults()


def test_a_server_that_is_down_is_a_source_fault_and_the_run_is_found_afterwards(made, team):
    put(made)
    check = watching.check(made, source="runs")
    scored(team, week())
    MLflowServer.objects.update(origin="http://127.0.0.1:1")

    look(after(1, hours=25))
    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert run.reason.startswith("MLflow does not answer")

    MLflowServer.objects.update(origin=team.origin)
    look(after(1, hours=26))
    assert made.states(check) == ["ok"]


def test_a_look_that_takes_too_long_keeps_what_came_and_goes_on(made, team, monkeypatch):
    put(made)
    watching.check(made, source="runs")
    runs = [scored(team, week(number), week=number) for number in range(2)]
    listed = Client.list_artifacts

    def slow(self, run_id, path=""):
        if run_id == runs[1]:
            raise OutOfTime
        return listed(self, run_id, path)

    monkeypatch.setattr(Client, "list_artifacts", slow)
    look(after(2))
    assert (Batch.objects.count(), faults()) == (1, "")
    assert Source.objects.get(name="runs").scanned_at is None
    look(after(2))
    assert "time for reading MLflow is over" in faults()

    monkeypatch.undo()
    look(after(2))
    assert (Batch.objects.count(), faults()) == (2, "")


def test_a_run_that_ended_long_before_is_still_found_after_an_outage(made, team):
    put(made)
    check = watching.check(made, source="runs")
    look(after(1, hours=25))
    MLflowServer.objects.update(origin="http://127.0.0.1:1")
    look(after(1, hours=26))
    scored(team, week(1), week=1)
    look(after(12))

    MLflowServer.objects.update(origin=team.origin)
    look(after(12, hours=1))
    assert made.states(check)[1] == "ok"


def test_a_dataset_is_read_where_it_lies(made, team, tmp_path):
    put(made, artifact="dataset:inference", labels_artifact="dataset:outcomes")
    check = watching.check(made, source="runs")
    auc = watching.check(made, "auc", "performance", source="runs", min_labels=50)
    rows = week()
    lies = tables.write(rows, tmp_path / "lake" / "scored.parquet")
    labels = rows[["request_id"]].assign(label=(rows["prediction"] > 0.5).astype(int))
    run_id = scored(team, None)
    dataset(team, run_id, f"file://{lies}")
    dataset(team, run_id, tables.write(labels, tmp_path / "lake" / "paid.csv"), "outcomes")

    look(after(1))

    assert made.states(check) == ["ok"]
    assert made.states(auc) == ["ok"]
    assert Batch.objects.get().path == lies


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/etc/passwd.csv", "sources may not lie there"),
        ("{roots}/../../etc/rows.csv", "sources may not lie there"),
        ("{roots}/others/batches/2026-08-03.parquet", "belongs to another business unit"),
        ("{roots}/lake", "which is not read"),
        ("{roots}/lake.parquet", "is it still there"),
        ("{roots}/folder.parquet", "log the dataset as one file"),
        ("s3://bucket/rows.parquet", "sources may not lie there"),
        ("", "without the file where it lies"),
    ],
)
def test_a_dataset_that_may_not_be_read_is_a_fault(made, team, tmp_path, address, words):
    others = str(tmp_path / "others")
    other = factories.RegisteredModelFactory.create(slug="theirs")
    sourcing.put_source(watching.ACTOR, other, "requests", at=clock.now(), address=others)
    tables.write(week(), tmp_path / "others" / "batches" / "2026-08-03.parquet")
    (tmp_path / "folder.parquet").mkdir()
    put(made, artifact="dataset:inference")
    check = watching.check(made, source="runs")
    dataset(team, scored(team, None), address.format(roots=tmp_path))

    look(after(1, hours=25))

    (run,) = made.runs(check)
    assert run.state == "source_fault"
    assert words in run.reason
    assert Batch.objects.filter(source__name="runs").count() == 0


def test_mlflows_own_client_logs_what_is_read(made, mlflow_server, tmp_path):
    rows = tables.write(week(), tmp_path / "rows.parquet")
    script = Path(__file__).parents[1] / "registry" / "score_one.py"
    subprocess.run(
        [sys.executable, str(script), mlflow_server, "credit scoring", rows],
        check=True,
        timeout=120,
    )
    put(made, address="credit scoring")
    put(made, "parquet", address="credit scoring", artifact="tables/scored.parquet")
    put(made, "lake", address="credit scoring", artifact="dataset:inference")
    names = ("runs", "parquet", "lake")
    checks = [watching.check(made, name, source=name) for name in names]

    look(after(1))

    assert [made.states(check) for check in checks] == [["ok"], ["ok"], ["ok"]]
    assert {run.rows for run in Run.objects.all()} == {600}
