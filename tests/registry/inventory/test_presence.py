"""What is gone, hidden, renamed, made anew or back is told apart."""

import pytest

from registry import queries
from registry.mlflow import client as client_module
from registry.mlflow.client import Kind as Trouble
from registry.mlflow.client import MlflowError
from registry.models import AuditEvent, ModelEvent, SourceModel
from tests.registry.inventory.sweeping import events, sweep

pytestmark = pytest.mark.django_db
Kind = ModelEvent.Kind


def test_a_rename_keeps_the_row_and_the_tie(team, server, model, name):
    team.model(name)
    team.version(name, team.run())
    sweep(server)
    source = queries.source_of(model)
    team.post("registered-models/rename", {"name": name, "new_name": f"{name} new"})
    sweep(server)
    model.refresh_from_db()

    assert (queries.source_of(model).pk, queries.source_of(model).name) == (
        source.pk,
        f"{name} new",
    )
    assert model.mlflow_name == f"{name} new"
    assert events(model, Kind.MODEL_RENAMED) == [{"from": name, "to": f"{name} new"}]
    assert events(model, Kind.MODEL_MISSING) == []
    # The record changed, so its history and the audit say so.
    told = AuditEvent.objects.get(object_type="registeredmodel", object_id=str(model.pk))
    assert (told.action, told.actor_label) == ("model.changed", "sync")
    assert model.revisions.get().snapshot["mlflow"] == f"default: {name} new"


def test_what_is_gone_is_believed_after_three_sweeps_and_when_mlflow_says_so(
    team, server, model, name
):
    team.model(name)
    team.version(name, team.run())
    team.version(name, team.run())
    sweep(server)
    team.call("DELETE", "/api/2.0/mlflow/model-versions/delete", {"name": name, "version": "1"})
    sweep(server)
    team.call("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": name})
    presences = []
    for _ in range(4):
        sweep(server)
        presences.append(str(queries.source_of(model).presence))

    assert events(model, Kind.VERSION_DELETED) == [{"number": 1}]
    assert presences == ["present", "present", "missing", "missing"]
    assert events(model, Kind.MODEL_MISSING) == [{"name": name, "presence": "missing"}]


def test_a_model_that_may_not_be_read_any_more_is_no_deleted_one(
    team, server, model, name, hidden, monkeypatch
):
    team.model(name)
    sweep(server)
    hidden.add(name)

    def denied(self, name):
        raise MlflowError("Permission denied", Trouble.DENIED)

    with monkeypatch.context() as patched:
        patched.setattr(client_module.Client, "get_registered_model", denied)
        for _ in range(3):
            sweep(server)
    lost = str(queries.source_of(model).presence)
    hidden.clear()
    sweep(server)

    assert lost == "forbidden"
    assert events(model, Kind.MODEL_MISSING) == [{"name": name, "presence": "forbidden"}]
    assert events(model, Kind.MODEL_RETURNED) == [{"name": name, "was": "forbidden"}]
    source = queries.source_of(model)
    assert (source.presence, source.absent_sweeps) == (SourceModel.Presence.PRESENT, 0)


def test_a_rename_is_not_believed_while_the_old_name_is_there(team, server, model, name, hidden):
    team.model(name)
    sweep(server)
    source = queries.source_of(model)
    other = f"{name} other"
    team.model(other)
    hidden.add(name)
    SourceModel.objects.filter(pk=source.pk).update(created_ms=1)
    twin = client_module.Client(server).get_registered_model(other)
    SourceModel.objects.filter(pk=source.pk).update(created_ms=twin.created_ms)
    sweep(server)

    assert events(model, Kind.MODEL_RENAMED) == []
    assert SourceModel.objects.get(pk=source.pk).name == name


def test_a_model_that_slips_through_the_pages_stays(team, server, model, name, hidden, monkeypatch):
    team.model(name)
    team.alias(name, "champion", team.version(name, team.run()))
    sweep(server)
    hidden.add(name)
    monkeypatch.setattr(client_module.Client, "search_model_versions", lambda self, kept: [])
    for _ in range(4):
        sweep(server)

    assert queries.champion(model).deleted_at is None
    assert queries.source_of(model).presence == SourceModel.Presence.PRESENT
