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
