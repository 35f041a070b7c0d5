"""References are fetched once, kept by digest, and their contract is learned or left alone."""

import hashlib

import pytest

from monitoring import baselines, definitions
from monitoring.baselines import NoReference
from monitoring.models import Baseline
from registry import clock
from registry.mlflow.client import Kind, MlflowError
from tests.monitoring import tables, watching
from tests.monitoring.watching import watched

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mlflow(monkeypatch, tmp_path):
    """A client whose downloads are counted; None as content is a server that is down."""
    asked = []
    content = tables.write(tables.reference(500), tmp_path / "logged.parquet")
    state = {"content": open(content, "rb").read(), "asked": asked}  # noqa: SIM115

    def download(self, run_id, path, target, **more):
        asked.append((run_id, path))
        if state["content"] is None:
            raise MlflowError("the server did not answer", Kind.UNREACHABLE)
        target.write_bytes(state["content"])
        return len(state["content"]), hashlib.sha256(state["content"]).hexdigest()

    monkeypatch.setattr("monitoring.baselines.Client.download", download)
    return state


def with_reference(made):
    version = made.version
    version.files = {baselines.REFERENCE: {"size": 1, "digest": ""}}
    version.evidence_read_at = clock.now()
    version.save(update_fields=["files", "evidence_read_at"])
    return version


def test_a_reference_is_fetched_once_and_named_by_its_digest(tmp_path, mlflow):
    made = watched(tmp_path, reference=False)
    version = with_reference(made)

    first = baselines.ensure(made.model, version, at=clock.now())
    second = baselines.ensure(made.model, version, at=clock.now())

    assert first == second
    assert mlflow["asked"] == [(version.run_id, "muster/reference.parquet")]
    assert baselines.path_of(first).name == f"{first.digest}.parquet"
    assert hashlib.sha256(baselines.path_of(first).read_bytes()).hexdigest() == first.digest


def test_a_file_that_was_lost_is_fetched_again(tmp_path, mlflow):
    made = watched(tmp_path, reference=False)
    version = with_reference(made)
    first = baselines.ensure(made.model, version, at=clock.now())
    baselines.path_of(first).unlink()

    baselines.ensure(made.model, version, at=clock.now())

    assert baselines.path_of(first).exists()
    assert Baseline.objects.count() == 1


def test_mlflow_down_is_a_source_fault_and_leaves_nothing_half_written(tmp_path, mlflow):
    made = watched(tmp_path, reference=False)
    version = with_reference(made)
    mlflow["content"] = None

    with pytest.raises(NoReference, match="could not be fetched from MLflow") as caught:
        baselines.ensure(made.model, version, at=clock.now())

    assert caught.value.state == "source_fault"
    folder = baselines.path_of(Baseline(path="baselines/x")).parent
    assert not list(folder.glob(".*"))


def test_a_run_that_logged_no_reference_is_said_so(tmp_path):
    made = watched(tmp_path, reference=False)
    version = made.version
    version.evidence_read_at = clock.now()

    with pytest.raises(NoReference, match=r"logged no muster/reference\.parquet"):
        baselines.ensure(made.model, version, at=clock.now())
    with pytest.raises(NoReference, match="no version has the alias champion"):
        baselines.ensure(made.model, None, at=clock.now())


def test_a_contract_is_learned_once_and_a_persons_is_never_replaced(tmp_path, judge):
    made = watched(tmp_path)
    baseline = Baseline.objects.get()
    roles = baselines.roles(made.model, made.version)

    learned = baselines.contract_for(made.model, baseline, roles, at=clock.now())
    again = baselines.contract_for(made.model, baseline, roles, at=clock.now())
    written, _ = definitions.put_contract(
        watching.ACTOR, made.model, at=clock.now(), changes={"columns": {"age": {"low": 18.0}}}
    )
    kept = baselines.contract_for(made.model, baseline, roles, at=clock.now())

    assert learned == again
    assert "label" not in learned.spec["columns"]
    assert kept == written
    assert written.spec["columns"]["age"]["low"] == 18
    assert written.spec["columns"]["income"] == learned.spec["columns"]["income"]


def test_a_batch_may_be_held_against_the_window_before(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, baseline="previous", segments=[])
    first, second = watching.week(0), watching.week(1)
    second["balance"] += 3000
    third = watching.week(2)
    third["balance"] += 3000
    for number, table in enumerate([first, second, third]):
        made.land(table, number)

    watching.look(watching.after(3))

    runs = made.runs(check)
    assert [run.state for run in runs] == ["not_evaluated", "drift", "ok"]
    assert runs[0].reason == "no window before this one has a batch to compare with"
    assert "in the window before: median" in runs[1].reason
    assert runs[2].made_with["reference_batch"] == runs[1].batch.digest


def test_a_broken_window_is_no_measure_for_the_next(tmp_path, judge):
    made = watched(tmp_path)
    check = watching.check(made, baseline="previous", segments=[])
    made.land(watching.week(0), 0)
    watching.look(watching.after(1))
    made.land(watching.week(1).assign(income=None), 1)
    watching.look(watching.after(2))
    made.land(watching.week(2), 2)
    watching.look(watching.after(3))

    runs = made.runs(check)
    assert [run.state for run in runs] == ["not_evaluated", "data_fault", "ok"]
    assert runs[2].made_with["reference_batch"] == runs[0].batch.digest


def test_a_batch_may_be_held_against_one_fixed_window(tmp_path, judge):
    made = watched(tmp_path)
    start = tables.START.isoformat()
    check = watching.check(made, baseline="window", baseline_window=start, segments=[])
    second = watching.week(1)
    second["balance"] += 3000
    made.land(watching.week(0), 0)
    made.land(second, 1)

    watching.look(watching.after(2))

    runs = made.runs(check)
    assert [run.state for run in runs] == ["ok", "drift"]
    assert "in the window it is held against: median" in runs[1].reason


def test_importances_logged_with_the_run_weigh_its_readings(tmp_path, judge):
    made = watched(tmp_path)
    version = made.version
    version.documents = {"muster/importance.json": {"income": 3, "age": 1}}
    version.save(update_fields=["documents"])
    check = watching.check(made)
    made.land(watching.week(0), 0)

    watching.look(watching.after(1))

    (run,) = made.runs(check)
    weights = dict(run.readings.filter(segment="").values_list("feature", "weight"))
    assert weights["income"] == 0.75
    assert weights["balance"] is None
    assert run.summary["weighted_share"] == 0
