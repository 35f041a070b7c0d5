"""One model through every layer: from a PUT to the mail in its owner's box, and through kills."""

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from config.duties import DUTIES
from config.management.commands.cycle import pending
from config.management.commands.sweep import run as run_duty
from config.tasks import ring
from monitoring.models import Alert, Delivery, Run
from registry.models import AuditEvent
from script.runner import processes, valkey
from script.runner.supervisor import Supervisor
from tests.journeys import stage
from tests.mailbox import SmtpCatcher
from tests.starting import start_on_free_port, tell

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]
WEEKS = 4


@pytest.fixture
def name():
    """A name of its own for each test: they share one MLflow server."""
    return f"credit-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def story(mlflow_server, judge, tmp_path, settings, name):
    settings.MUSTER_SYNC_SECONDS = settings.MUSTER_SCAN_SECONDS = 1
    made = stage.make(mlflow_server, tmp_path, weeks=WEEKS)
    made.train(name)
    for week in range(WEEKS):
        made.land(name, week, shift=1.0 if week < 2 else 2.2)
    made.register(name)
    return made


@pytest.fixture
def parts(test_root, process_environment, smtp_catcher, settings, tmp_path) -> Iterator["Parts"]:
    made = Parts(Supervisor(logs=tmp_path / "logs", say=tell), process_environment, smtp_catcher)
    settings.CELERY_BROKER_URL = made.broker
    yield made
    made.supervisor.stop()


class Parts:
    """A broker and a worker of this test's own, so that it may kill them."""

    def __init__(self, supervisor, environment, catcher: SmtpCatcher) -> None:
        self.supervisor = supervisor
        folder = supervisor.logs.parent / "valkey"

        def store(port: int) -> valkey.Store:
            return valkey.Store(folder, port, "secret", durable=False)

        port = start_on_free_port(supervisor, lambda free: valkey.part(store(free)))
        self.broker = store(port).url
        self.environment = {
            **environment,
            "REDIS_URL": self.broker,
            "EMAIL_URL": f"smtp://127.0.0.1:{catcher.port}",
            "MUSTER_SYNC_SECONDS": "1",
            "MUSTER_SCAN_SECONDS": "1",
            "MUSTER_SOURCE_ROOTS": str(supervisor.logs.parent),
        }

    def start_worker(self) -> None:
        self.supervisor.start(processes.worker(self.environment, concurrency=1))

    def kill(self, name: str) -> None:
        """Kill a part and everything it forked, without a word of warning."""
        process = self.supervisor.running.pop(name).process
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ring(self) -> None:
        """Ring at this test's broker; a dead one must not harm."""
        with ring.app.connection_for_write(self.broker) as connection:
            for duty in DUTIES:
                duty.hurry(connection=connection, retry=False)


def until(condition: Callable[[], bool], *, seconds: float, meanwhile: Callable[[], None]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, pending()
        meanwhile()
        time.sleep(1)


def through() -> bool:
    return not any(pending().values()) and Delivery.objects.filter(state="sent").exists()


def sweep_later() -> None:
    """Sweep as if 40 seconds had passed: every lease of a dead worker is over, the sync's too."""
    for duty in DUTIES:
        with connection.cursor() as cursor:
            cursor.execute("SET muster.clock_offset = '40 seconds'")
        run_duty(duty)


@pytest.fixture
def clock_reset():
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET muster.clock_offset")


def test_a_drift_goes_from_the_folder_to_the_owners_box(story, name, parts, smtp_catcher):
    parts.start_worker()

    until(through, seconds=240, meanwhile=parts.ring)

    model = story.get(f"models/{name}/")
    states = [run["state"] for run in story.get(f"models/{name}/runs/")["results"]]
    assert Counter(states) == {"ok": 2, "drift": 2}
    assert story.get(f"models/{name}/health/")["state"] in ("watch", "critical")
    assert model["tier"] == 1
    assert smtp_catcher.recipients == [stage.OWNER]
    (message,) = smtp_catcher.messages
    text = message.get_body(("plain",)).get_content()
    assert name in message["Subject"]
    assert "income" in text
    assert "2 of 3" in text
    assert AuditEvent.objects.filter(action__contains="model").exists()


def test_killed_workers_and_a_dead_broker_lose_and_double_nothing(
    story, parts, smtp_catcher, clock_reset
):
    for pause in (0.5, 2.0, 4.0):
        parts.start_worker()
        parts.ring()
        time.sleep(pause)
        parts.kill("worker")
    parts.kill("valkey")
    with pytest.raises(Exception, match=r"."):  # the doorbell is dead, and says so
        parts.ring()

    until(through, seconds=300, meanwhile=sweep_later)

    current = Run.objects.filter(current=True)
    assert Counter(current.values_list("state", flat=True)) == {"ok": 2, "drift": 2}
    assert current.values("window").distinct().count() == WEEKS
    assert Alert.objects.count() == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    keys = {message["Message-ID"] for message in smtp_catcher.messages}
    assert len(keys) == Delivery.objects.count() == 1  # a repeat would carry the same key
