"""What was recorded of a version is compared with MLflow again, by the clock of the database."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from registry import clock, comparison
from registry.mlflow import transport
from registry.mlflow.client import Kind as Trouble
from registry.mlflow.client import MlflowError
from registry.models import AuditEvent, ModelEvent, ModelVersion
from tests import factories
from tests.registry.inventory import sweeping

pytestmark = pytest.mark.django_db
Kind = ModelEvent.Kind
INTEGRITY = (
    Kind.ARTIFACT_CHANGED,
    Kind.RUN_DELETED,
    Kind.LOGGED_MODEL_DELETED,
    Kind.INTEGRITY_RESTORED,
)


@pytest.fixture
def version(team, server, model, name):
    """A version with two files of its run, swept once."""
    team.run_id = team.run()
    team.upload(team.run_id, "model/weights.bin", b"one")
    team.upload(team.run_id, "muster/oot.json", b'{"value": 1}')
    team.model(name)
    number = team.version(name, team.run_id)
    team.alias(name, "champion", number)
    sweep(server)
    found = ModelVersion.objects.get(source_model__name=name)
    assert set(found.files) == {"model/weights.bin", "muster/oot.json"}
    return found


def sweep(server):
    sweeping.sweep(server, at=clock.now())


def later(hours):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('muster.clock_offset', %s, true)", [f"{hours} hours"])


def told(version):
    events = ModelEvent.objects.filter(version=version, kind__in=INTEGRITY).order_by("pk")
    return [(event.kind, event.detail) for event in events]


def test_sound_files_are_read_again_after_a_day_and_not_before(server, version, monkeypatch):
    later(23)
    sweep(server)
    version.refresh_from_db()
    assert version.integrity_checked_at is None
    later(25)
    sweep(server)
    version.refresh_from_db()
    assert version.integrity_checked_at is not None
    assert told(version) == []
    asked = []
    monkeypatch.setattr(transport.Transport, "download", lambda *rest: asked.append(rest))
    later(26)
    sweep(server)
    assert asked == []


def test_an_overwritten_file_is_told_once_until_it_is_restored(team, server, version):
    number = {"number": version.number}
    changed = (Kind.ARTIFACT_CHANGED, {**number, "files": ["model/weights.bin"]})
    digest = version.digest
    team.upload(team.run_id, "model/weights.bin", b"two")
    later(25)
    sweep(server)
    assert told(version) == [changed]
    later(50)
    sweep(server)
    assert told(version) == [changed]
    team.upload(team.run_id, "model/weights.bin", b"one")
    later(75)
    sweep(server)
    assert told(version) == [
        changed,
        (Kind.INTEGRITY_RESTORED, {**number, "over": ["artifact_changed"]}),
    ]
    version.refresh_from_db()
    assert (version.digest, version.integrity_faults) == (digest, {})


def test_moving_an_alias_does_not_accept_what_lies_there_by_then(team, server, version, name):
    team.upload(team.run_id, "muster/oot.json", b'{"value": 2}')
    team.upload(team.run_id, "muster/groups.json", b"{}")
    team.alias(name, "challenger", version.number)
    sweep(server)
    assert told(version) == [
        (Kind.ARTIFACT_CHANGED, {"number": version.number, "files": ["muster/oot.json"]})
    ]
    version.refresh_from_db()
    assert version.documents == {"muster/oot.json": {"value": 1}, "muster/groups.json": {}}


def test_a_deleted_run_is_told_and_its_return_as_well(team, server, version):
    team.post("runs/delete", {"run_id": team.run_id})
    later(25)
    sweep(server)
    number = {"number": version.number}
    deleted = (Kind.RUN_DELETED, {**number, "run": team.run_id})
    assert told(version) == [deleted]
    team.post("runs/restore", {"run_id": team.run_id})
    later(50)
    sweep(server)
    assert told(version)[1:] == [(Kind.INTEGRITY_RESTORED, {**number, "over": ["run_deleted"]})]


def test_a_deleted_logged_model_is_told(team, server, model, name, mlflow_server):
    script = Path(__file__).parents[1] / "train_one.py"
    subprocess.run([sys.executable, script, mlflow_server, name], check=True, timeout=240)
    sweep(server)
    version = ModelVersion.objects.get(source_model__name=name)
    team.call("DELETE", f"/api/2.0/mlflow/logged-models/{version.mlflow_model_id}", {})
    later(25)
    sweep(server)
    detail = {"number": version.number, "logged_model": version.mlflow_model_id}
    assert told(version) == [(Kind.LOGGED_MODEL_DELETED, detail)]


def test_what_cannot_be_read_now_is_not_judged(server, version, monkeypatch):
    def dead(*rest):
        raise MlflowError("the storage does not answer", Trouble.UNREACHABLE)

    with monkeypatch.context() as broken:
        broken.setattr(transport.Transport, "download", dead)
        later(25)
        sweep(server)
    version.refresh_from_db()
    assert version.integrity_checked_at is None
    assert told(version) == []
    later(27)
    sweep(server)
    version.refresh_from_db()
    assert version.integrity_checked_at is not None


def test_who_asks_has_the_versions_compared_at_the_next_look(team, server, version, model, client):
    assert comparison.last(model) is None
    team.upload(team.run_id, "model/weights.bin", b"two")
    factories.MembershipFactory.create(person=model.owner, unit=model.unit, role="owner")
    client.force_login(model.owner)
    page = client.get(f"/m/{model.slug}/").content.decode()
    answer = client.post(f"/m/{model.slug}/compare/", follow=True)
    sweep(server)

    assert "Compare with MLflow now" in page
    assert "1 version is compared at the next look." in answer.content.decode()
    assert told(version)[0][0] == Kind.ARTIFACT_CHANGED
    assert comparison.last(model) is not None
    assert AuditEvent.objects.get(action="model.comparison_asked").after == {"versions": 1}
