"""A broken MLflow ends in time, is told on the server with its beginning, and changes nothing."""

import json
import re
import time
from datetime import timedelta

import pytest

from registry import clock
from registry.mlflow import sync
from registry.mlflow.client import Client, Kind, MlflowError
from registry.mlflow.pages import Pages, Progress
from registry.models import MLflowServer, SourceModel
from tests import factories
from tests.registry import faults

pytestmark = pytest.mark.django_db
NOW_TEXT = factories.NOW.isoformat()


def loop(sock, head):
    """Hand out the same page for ever."""
    model = {"name": "x", "creation_timestamp": 1}
    body = {"registered_models": [model], "next_page_token": "again"}
    faults.answer(json.dumps(body).encode())(sock, head)


def answering(body):
    return faults.answer(json.dumps(body).encode())


BROKEN = {
    "hang": (faults.hang, "does not answer"),
    "drip": (faults.drip, "does not answer"),
    "endless": (faults.endless, "larger than"),
    "truncated": (faults.truncated, "broke off"),
    "html": (faults.answer(b"<html>Sign in", kind="text/html"), "sign-in page"),
    "500": (faults.answer(b"{}", status="500 Oops"), "answers 500"),
    "401": (faults.answer(b"You are not authenticated", status="401 No"), "denies access"),
    "403": (faults.answer(b"Permission denied", status="403 No"), "denies access"),
    "302": (faults.answer(b"", status="302 Found"), "redirect"),
    "host": (
        faults.answer(
            b"Invalid Host header - possible DNS rebinding attack detected", status="403 No"
        ),
        "--allowed-hosts",
    ),
    "loop": (loop, "same page again"),
    "list": (answering([]), "no JSON object"),
    "deep": (faults.answer(b"[" * 100_000), "instead of JSON"),
    "no models": (answering({"registered_models": 3}), "makes no sense"),
    "odd model": (answering({"registered_models": ["x"]}), "makes no sense"),
    "odd time": (
        answering({"registered_models": [{"name": "x", "creation_timestamp": "soon"}]}),
        "makes no sense",
    ),
    "odd alias": (
        answering(
            {
                "registered_models": [
                    {
                        "name": "x",
                        "creation_timestamp": 1,
                        "aliases": [{"alias": "a", "version": {}}],
                    }
                ]
            }
        ),
        "makes no sense",
    ),
}


@pytest.fixture
def short_requests(monkeypatch):
    monkeypatch.setattr("registry.mlflow.transport._SECONDS", 1.0)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_server_is_told_and_nothing_is_believed(name, short_requests):
    behave, words = BROKEN[name]
    with faults.server(behave) as origin:
        server = factories.MLflowServerFactory.create(origin=origin)
        known = factories.SourceModelFactory.create(server=server, name="known")
        start = time.monotonic()
        sync.sweep_due(at=factories.NOW, seconds=5)
        took = time.monotonic() - start
    server.refresh_from_db()
    known.refresh_from_db()

    assert words in server.fault
    assert (server.fault_since, server.swept_at, server.failures) == (factories.NOW, None, 1)
    assert server.lease_until is None
    assert known.presence == SourceModel.Presence.PRESENT
    assert took < 4


def test_a_dead_server_keeps_the_time_since_when_and_recovers():
    with faults.server(faults.hang) as origin:
        pass  # Nobody listens there any more.
    server = factories.MLflowServerFactory.create(origin=origin)
    for hours in range(3):
        MLflowServer.objects.update(next_sweep_at=clock.now() - timedelta(hours=1))
        sync.sweep_due(at=factories.NOW + timedelta(hours=hours), seconds=5)
    server.refresh_from_db()
    dead = (server.fault_since, server.failures)
    with faults.server(answering({})) as origin:
        MLflowServer.objects.update(next_sweep_at=clock.now() - timedelta(hours=1), origin=origin)
        sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()

    assert dead == (factories.NOW, 3)
    assert (server.fault, server.fault_since, server.failures) == ("", None, 0)
    assert server.swept_at == factories.NOW


def test_one_dead_server_does_not_keep_another_from_being_read():
    with faults.server(answering({})) as origin:
        dead = factories.MLflowServerFactory.create(origin="http://127.0.0.1:1")
        sound = factories.MLflowServerFactory.create(origin=origin)
        assert sync.sweep_due(at=factories.NOW, seconds=5) == 2
    dead.refresh_from_db()
    sound.refresh_from_db()

    assert dead.fault
    assert sound.swept_at == factories.NOW


def test_a_server_that_fails_again_and_again_is_only_probed(settings):
    settings.MUSTER_SYNC_SECONDS = 5
    server = factories.MLflowServerFactory.create(origin="http://127.0.0.1:1", failures=4)
    sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()

    assert server.next_sweep_at - clock.now() > timedelta(seconds=50)


def test_credentials_go_where_they_belong_and_nowhere_else():
    heads = []

    def behave(sock, head):
        heads.append(head)
        answering({})(sock, head)

    with faults.server(behave) as origin:
        for fields in ({"username": "ana", "password": "pw"}, {"token": "t0"}, {"workspace": "w"}):
            server = factories.MLflowServerFactory.build(origin=f"{origin}/base", **fields)
            Client(server).search_registered_models()

    assert b"Authorization: Basic YW5hOnB3" in heads[0]
    assert b"Authorization: Bearer t0" in heads[1]
    assert b"X-MLFLOW-WORKSPACE: w" in heads[2]
    assert all(b"GET /base/api/2.0/mlflow/" in head for head in heads)


def test_an_empty_page_before_the_end_is_followed():
    def behave(sock, head):
        first = b"page_token" not in head
        models = [] if first else [{"name": "x", "creation_timestamp": 1}]
        more = {"next_page_token": "2"} if first else {}
        answering({"registered_models": models} | more)(sock, head)

    with faults.server(behave) as origin:
        found = Client(
            factories.MLflowServerFactory.build(origin=origin)
        ).search_registered_models()

    assert [model.name for model in found] == ["x"]


def paged(models, seconds=0.0, size=1):
    """Show one model a page, slowly; remember which pages were asked for."""
    asked = []

    def behave(sock, head):
        time.sleep(seconds)
        if b"model-versions" in head:
            return answering({})(sock, head)
        found = re.search(rb"page_token=(\d+)", head)
        start = int(found[1]) if found else 0
        asked.append(start)
        body = {"registered_models": models[start : start + size]}
        if start + size < len(models):
            body["next_page_token"] = str(start + size)
        return answering(body)(sock, head)

    return behave, asked


def test_a_sweep_that_is_cut_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr("registry.mlflow.sync._LEAST_SECONDS", 0.5)
    models = [{"name": f"m{number}", "creation_timestamp": number} for number in range(6)]
    behave, asked = paged(models, seconds=0.25)
    with faults.server(behave) as origin:
        server = factories.MLflowServerFactory.create(origin=origin)
        looks = 0
        while server.swept_at is None and looks < 9:
            sync.sweep_due(at=factories.NOW + timedelta(seconds=looks), seconds=0)
            server.refresh_from_db()
            looks += 1
            if server.swept_at is None:
                assert (server.fault, server.lease_until) == ("", None)
                assert not SourceModel.objects.exists()

    assert looks > 1
    assert asked == [0, 1, 2, 3, 4, 5]
    assert (server.swept_at, server.sweeps_completed, server.progress) == (factories.NOW, 1, {})
    assert SourceModel.objects.count() == 6


def test_what_was_put_aside_too_long_ago_is_read_anew():
    kept = Progress(factories.NOW, models=Pages([], token="7", count=1)).plain()
    with faults.server(answering({})) as origin:
        server = factories.MLflowServerFactory.create(origin=origin, progress=kept)
        sync.sweep_due(at=factories.NOW + timedelta(hours=1), seconds=5)
    server.refresh_from_db()

    assert server.swept_at == factories.NOW + timedelta(hours=1)


@pytest.mark.parametrize("kept", [{"begun_at": "soon"}, {"begun_at": NOW_TEXT}, {"models": 3}])
def test_progress_that_another_release_wrote_is_left_alone(kept):
    with faults.server(answering({})) as origin:
        server = factories.MLflowServerFactory.create(origin=origin, progress=kept)
        sync.sweep_due(at=factories.NOW, seconds=5)
    server.refresh_from_db()

    assert (server.fault, server.swept_at) == ("", factories.NOW)


def test_a_list_without_end_is_an_error():
    def behave(sock, head):
        answering({"next_page_token": str(time.monotonic())})(sock, head)

    with faults.server(behave) as origin:
        client = Client(factories.MLflowServerFactory.build(origin=origin))
        with pytest.raises(MlflowError, match="does not end"):
            client.search_registered_models()


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones():
    sizes = []

    def behave(sock, head):
        size = int(re.search(rb"max_results=(\d+)", head)[1])
        sizes.append(size)
        many = [[]] * (300_000 if size > 100 else 0)
        answering({"registered_models": [], "more": many})(sock, head)

    with faults.server(behave) as origin:
        client = Client(factories.MLflowServerFactory.build(origin=origin))
        found = client.search_registered_models()

    assert (found, sizes) == ([], [1000, 250, 62])


def test_what_is_missing_is_told_apart_from_what_is_broken():
    with faults.server(faults.answer(b'{"message": "no such"}', status="404 No")) as origin:
        client = Client(factories.MLflowServerFactory.build(origin=origin))
        with pytest.raises(MlflowError, match="no such") as caught:
            client.read_document("a" * 32, "muster/oot.json")

    assert caught.value.kind is Kind.MISSING
