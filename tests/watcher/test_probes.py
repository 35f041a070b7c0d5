"""What machines ask: does the process live, may it serve, does work go on, and the figures."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from config.duties import DUTIES
from dashboard.queries import watcher
from monitoring.models import Invariant
from registry import clock
from registry.models import MLflowServer
from tests import cast
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
PRIVATE = ("/progress", "/metrics")


def overdue(minutes, **more):
    """A server that should have been read some minutes ago."""
    cast.factories.MLflowServerFactory.create(
        next_sweep_at=clock.now() - timedelta(minutes=minutes), **more
    )


def gauges(text):
    """Read the text format back: name with labels to number."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, number in lines}


def test_a_process_that_answers_lives(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_a_process_with_a_database_of_its_own_time_is_ready(client):
    assert client.get("/readyz").content == b"ok\n"


def test_a_process_whose_tables_are_older_than_its_code_is_not_ready(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'monitoring'")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'policies'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"2 migrations are not applied\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", *PRIVATE])
def test_nothing_is_changed_by_a_probe(client, path):
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", PRIVATE)
@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "10.1.2.3"},
        {"HTTP_X_FORWARDED_FOR": "10.1.2.3"},
        {"HTTP_FORWARDED": "for=10.1.2.3"},
        {"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer "},
        {"REMOTE_ADDR": ""},
    ],
)
def test_without_a_token_only_this_machine_reads(client, path, asked):
    answer = client.get(path, **asked)

    assert answer.status_code == 403
    assert "MUSTER_METRICS_TOKEN" in answer.content.decode()
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PRIVATE)
def test_with_a_token_who_knows_it_reads_from_anywhere(client, settings, path):
    settings.MUSTER_METRICS_TOKEN = "lantern"
    far = {"REMOTE_ADDR": "10.1.2.3"}

    assert client.get(path, **far, HTTP_AUTHORIZATION="Bearer lantern").status_code == 200
    assert client.get(path, **far, HTTP_AUTHORIZATION="Bearer lanterns").status_code == 403
    assert client.get(path, **far, HTTP_AUTHORIZATION="Bearer läntern").status_code == 403
    assert client.get(path).status_code == 403  # this machine needs it too


def test_progress_is_well_when_nothing_is_due(client):
    answer = client.get("/progress")

    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert set(answer.json()["oldest_due_seconds"].values()) == {0}


def test_work_that_waits_while_nothing_goes_on_is_no_progress(client):
    overdue(5)

    answer = client.get("/progress")

    assert answer.status_code == 503
    assert answer.json()["stuck"] == ["sync"]
    assert 299 < answer.json()["oldest_due_seconds"]["sync"] < 330


def test_work_that_waits_while_other_work_goes_on_is_progress(client):
    overdue(5)
    overdue(-1, swept_at=clock.now())

    answer = client.get("/progress")

    assert answer.status_code == 200
    assert answer.json()["oldest_due_seconds"]["sync"] > 299


def test_how_long_is_too_long_is_a_setting(client, settings):
    overdue(5)
    settings.MUSTER_STUCK_SECONDS = 600

    assert client.get("/progress").status_code == 200


def test_what_a_worker_holds_goes_on(client):
    overdue(5, lease_until=clock.now() + timedelta(seconds=20))

    assert client.get("/progress").status_code == 200
    with shifted(timedelta(seconds=30)):
        assert client.get("/progress").status_code == 503


def test_a_run_that_waits_behind_an_earlier_window_is_not_due():
    history = History(cast.cast().model)
    behind, first = history.verdict(2, "queued"), history.verdict(1, "queued")
    at = clock.now()
    type(first).objects.filter(pk=first.pk).update(queued_at=at + timedelta(minutes=1))
    type(behind).objects.filter(pk=behind.pk).update(queued_at=at - timedelta(hours=1))

    [judge] = [due for due in watcher.look().dues if due.duty == "judge"]
    assert judge.oldest is None
    with shifted(timedelta(minutes=2)):
        [judge] = [due for due in watcher.look().dues if due.duty == "judge"]
        assert judge.oldest == at + timedelta(minutes=1)


def test_only_duties_are_watched():
    assert set(watcher.DUTIES) - {duty.name for duty in DUTIES} == set()


def test_the_figures_are_prometheus_text_and_name_nobody(client):
    found = cast.cast()
    history = History(found.model)
    history.week(1, "data_fault", "lantern")
    MLflowServer.objects.update(next_sweep_at=clock.now() - timedelta(minutes=5))
    Invariant.objects.create(
        name="windows_have_gaps", checked_at=clock.now(), broken=2, examples=["card-fraud"]
    )

    answer = client.get("/metrics")
    text = answer.content.decode()
    read = gauges(text)

    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert read['muster_duty_stuck{duty="sync"}'] == 1
    assert 299 < read['muster_due_oldest_seconds{duty="sync"}'] < 330
    assert read['muster_invariant_broken{invariant="windows_have_gaps"}'] == 2
    assert read['muster_models{health="unknown"}'] == 1
    assert read['muster_alerts_open{severity="watch"}'] == 1
    assert read["muster_last_run_timestamp_seconds"] == pytest.approx(
        history.check.windows.get().runs.get().finished_at.timestamp(), abs=1
    )
    assert len(text.splitlines()) == len(read) + 2 * text.count("# TYPE ")
    for name in ("fraud", "lantern", "ana@", "server-", "example"):
        assert name not in text
    json.dumps(read, allow_nan=False)


def test_large_figures_keep_their_digits():
    from config.metrics import Gauge

    assert list(Gauge("n", "m", "kind", [('a"b', 1_700_000_000.5)]).lines())[-1] == (
        'n{kind="a\\"b"} 1700000000.5'
    )
