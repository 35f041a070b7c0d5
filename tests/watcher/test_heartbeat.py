"""The heartbeat: sent only when every part works, withheld with the part's name otherwise."""

import socket
import subprocess
import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import call_command
from django.db import connection

from config import heartbeat, tasks
from config.checks import check_settings
from monitoring.models import Channel, Heartbeat, Message
from registry import clock
from tests import cast
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


class Outside:
    """A listener, and the web that is asked for /readyz, in one small server."""

    def __init__(self):
        self.heard, self.ready, self.answers = [], 200, 200
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outside.heard.append(self.path)
                self._answer(outside.answers)

            def do_GET(self):
                self._answer(outside.ready)

            def _answer(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def outside(settings, smtp_catcher, tmp_path):
    """Everything works: the doorbell has rung, web, judge and mail answer, a listener hears."""
    found = Outside()
    settings.MUSTER_HEARTBEAT_URL = f"{found.url}/ping/lantern"
    settings.MUSTER_INNER_URL = found.url
    settings.MUSTER_JUDGE_SOCKET = str(tmp_path / "j.sock")
    with socket.socket(socket.AF_UNIX) as judge:
        judge.bind(settings.MUSTER_JUDGE_SOCKET)
        judge.listen()
        heartbeat.rang()
        yield found
    found.server.shutdown()
    found.server.server_close()


def beat() -> list[str]:
    """Let the duty look once; return why nothing was sent."""
    heartbeat.beat_due(at=clock.now(), seconds=10)
    return Heartbeat.objects.get().withheld


def test_when_all_is_well_the_outside_hears_it(outside):
    assert beat() == []
    assert outside.heard == ["/ping/lantern"]
    assert Heartbeat.objects.get().sent_at is not None


def test_it_is_sent_once_a_minute_however_many_look(outside):
    for _ in range(5):
        beat()
    assert len(outside.heard) == 1
    with shifted(timedelta(seconds=61)):
        heartbeat.rang()
        beat()
        beat()
    assert len(outside.heard) == 2


def test_a_late_one_does_not_make_the_next_one_late(outside):
    beat()
    due = Heartbeat.objects.get().due_at
    with shifted(timedelta(seconds=75)):
        beat()
    assert Heartbeat.objects.get().due_at == due + timedelta(seconds=60)


def test_without_an_address_nobody_is_told_and_nothing_is_noted(outside, settings):
    settings.MUSTER_HEARTBEAT_URL = ""

    assert heartbeat.beat_due(at=clock.now(), seconds=10) == 0
    assert outside.heard == []


def broken(outside, settings):
    """Each part, broken, with what is said of it."""
    return {
        "web: /readyz answers 503": lambda: setattr(outside, "ready", 503),
        "web: http://127.0.0.1:9: Connection refused": lambda: setattr(
            settings, "MUSTER_INNER_URL", "http://127.0.0.1:9"
        ),
        "judge: No such file or directory": lambda: setattr(
            settings, "MUSTER_JUDGE_SOCKET", "/nowhere"
        ),
        "mail: Connection refused": lambda: setattr(settings, "EMAIL_PORT", 9),
        "outside: it answers 500": lambda: setattr(outside, "answers", 500),
        "doorbell: it has never rung; do beat and worker run?": lambda: Heartbeat.objects.update(
            rung_at=None
        ),
    }


@pytest.mark.parametrize("words", broken(None, None))
def test_a_part_that_does_not_work_keeps_it_back(words, outside, settings):
    broken(outside, settings)[words]()

    assert beat() == [words]
    assert Heartbeat.objects.get().sent_at is None
    assert outside.heard == ([] if "outside" not in words else ["/ping/lantern"])


def test_a_doorbell_that_is_silent_for_45_seconds_keeps_it_back(outside):
    with shifted(timedelta(seconds=44)):
        assert beat() == []
    with shifted(timedelta(seconds=120)):
        [words] = beat()
    assert words.startswith("doorbell: it has not rung for 120 s")


def test_a_broker_that_does_not_answer_keeps_it_back(outside, settings):
    from config.celery import app

    known, app.conf.broker_url = app.conf.broker_url, "redis://127.0.0.1:9/0"
    app.pool.force_close_all()
    try:
        [words] = beat()
    finally:
        app.conf.broker_url = known
        app.pool.force_close_all()
    assert words.startswith("broker: ")


def test_work_that_stands_still_keeps_it_back(outside):
    cast.factories.MLflowServerFactory.create(next_sweep_at=clock.now() - timedelta(minutes=5))

    [words] = beat()
    assert words == "work: due, and nothing goes on: sync (300 s)"


def test_mail_that_fails_for_everybody_keeps_it_back_and_one_full_mailbox_does_not(outside):
    at = clock.now()
    people = cast.cast()
    channels = [
        Channel.objects.create(slug=who.name, kind="mail", person=who, address=who.email)
        for who in (people.ana, people.ben)
    ]
    cast.factories.MLflowServer.objects.update(next_sweep_at=at + timedelta(hours=1))
    Channel.objects.filter(pk=channels[0].pk).update(failing_since=at - timedelta(minutes=3))
    [words] = beat()
    assert words.startswith("mail: nothing got through since ")

    Message.objects.create(
        channel=channels[1], key="k", state="sent", made_at=at, due_at=at, sent_at=at
    )
    Heartbeat.objects.update(due_at=at)
    assert beat() == []


def test_the_address_is_a_secret_wherever_it_fails(outside, settings, caplog):
    settings.MUSTER_HEARTBEAT_URL = "http://127.0.0.1:9/ping/lantern"

    [words] = beat()

    assert words == "outside: http://127.0.0.1:9: Connection refused"
    assert "lantern" not in caplog.text


def test_the_doorbell_leaves_its_mark(outside):
    Heartbeat.objects.all().delete()
    tasks.ring()
    assert Heartbeat.objects.get().rung_at is not None


BEAT = """
import django; django.setup()
from config import heartbeat
from registry import clock
heartbeat.beat_due(at=clock.now(), seconds=20)
"""
# How often the outside hears it when the sender dies there: once more at most, a minute later.
HEARD = {"heartbeat.claimed": 1, "heartbeat.sent": 2}


@pytest.mark.parametrize("point", HEARD)
def test_who_dies_on_the_way_keeps_it_back_for_one_period(
    point, outside, process_environment, settings, smtp_catcher
):
    done = subprocess.run(
        [sys.executable, "-c", BEAT],
        cwd=ROOT,
        env={
            **process_environment,
            "MUSTER_CHAOS": point,
            "MUSTER_HEARTBEAT_URL": settings.MUSTER_HEARTBEAT_URL,
            "MUSTER_INNER_URL": settings.MUSTER_INNER_URL,
            "MUSTER_JUDGE_SOCKET": settings.MUSTER_JUDGE_SOCKET,
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_catcher.port}",
        },
        timeout=120,
        check=False,
    )
    assert done.returncode == -9
    with shifted(timedelta(seconds=61)):
        heartbeat.rang()
        assert beat() == []
    assert len(outside.heard) == HEARD[point]


def test_the_sweep_sends_it_between_other_duties(outside):
    call_command("sweep", "--once", "--only=heartbeat,plan")
    assert len(outside.heard) == 1


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("MUSTER_HEARTBEAT_URL", "listener", "muster.E013"),
        ("MUSTER_INNER_URL", "ftp://inside", "muster.E014"),
        ("MUSTER_SLACK_URL", "http://slack.example.com/api", "muster.E016"),
        ("MUSTER_HEARTBEAT_SECONDS", 0, "muster.E015"),
        ("MUSTER_STUCK_SECONDS", -1, "muster.E015"),
    ],
)
def test_a_wrong_setting_is_told_at_the_start(name, value, number, settings):
    setattr(settings, name, value)

    assert number in [message.id for message in check_settings(None)]


def test_nobody_but_the_owner_of_the_row_writes_to_it(outside):
    late = heartbeat._claim()
    with shifted(timedelta(seconds=61)):
        heartbeat.rang()
        assert beat() == []
    mine = Heartbeat.objects.filter(pk=late.pk, lease_token=late.token)

    assert mine.update(withheld=["old news"]) == 0
    connection.close()
