"""Jobs on their way: handed over once, signed, tried again, given up, and finished."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import connection
from standardwebhooks import Webhook

from policies.models import Job
from policies.retraining import jobs, webhook
from policies.retraining.decisions import decide_pending
from policies.retraining.jobs import hand_over_due
from registry.models import AuditEvent
from registry.outbound import Answer, OutboundError
from tests.factories import ModelVersionFactory, tracked_model
from tests.policies.factories import SECRET, drifting, policy, trainer, week

pytestmark = pytest.mark.django_db
AT = week(3)


class Door:
    """Stands in for the network: answers what it is told and keeps what was sent."""

    def __init__(self, monkeypatch):
        self.answers, self.sent = [], []
        monkeypatch.setattr(webhook.outbound, "request", self)

    def __call__(self, method, url, *, headers, body, **limits):
        self.sent.append((method, url, headers, body))
        answer = self.answers.pop(0) if self.answers else 202
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer()
        return Answer(answer, {}, b"")


@pytest.fixture
def door(monkeypatch):
    return Door(monkeypatch)


@pytest.fixture
def job(monkeypatch):
    """A job that is due by the database's clock, whatever the day of the test calendar."""
    model = tracked_model(slug="card-fraud", mlflow_name="card fraud")
    trainer(model.unit)
    policy(unit=model.unit)
    drifting(model)
    decide_pending(at=AT, seconds=30)
    made = Job.objects.get()
    set_clock(AT)
    return made


def set_clock(at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('muster.clock_offset', '0', false)")
        cursor.execute("SELECT %s::timestamptz - clock_timestamp()", [at])
        (offset,) = cursor.fetchone()
        cursor.execute(
            "SELECT set_config('muster.clock_offset', %s, true)",
            [f"{offset.total_seconds()} seconds"],
        )


def hand_over(at=AT):
    set_clock(at)
    return hand_over_due(at=at, seconds=30)


def test_the_request_is_signed_and_says_what_the_trainer_needs(job, door, monkeypatch):
    hand_over()

    ((method, url, headers, body),) = door.sent
    assert (method, url) == ("POST", "https://trainer.example.com/retrain")
    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda self, value: AT)
    assert Webhook(SECRET).verify(body, headers) == json.loads(body)
    assert json.loads(body) == {
        "type": "retraining.requested",
        "job": str(job.uuid),
        "model": "card-fraud",
        "mlflow_model": "card fraud",
        "reason": job.decision.reasons[0],
        "data_until": week(2).isoformat(),
    }
    job.refresh_from_db()
    assert (job.state, job.started_at, job.attempts) == ("started", AT, 1)
    assert AuditEvent.objects.filter(action="retraining.started").count() == 1


def test_a_job_is_handed_over_once(job, door):
    hand_over()
    hand_over(AT + timedelta(hours=1))

    assert len(door.sent) == 1


def test_a_trainer_that_is_down_is_asked_again_with_growing_pauses(job, door):
    door.answers = [503, OutboundError("connection refused", permanent=False), 202]

    hand_over()
    job.refresh_from_db()
    assert (job.state, job.due_at, job.error) == (
        "requested",
        AT + timedelta(seconds=10),
        "The trainer 'retrainer' answered 503.",
    )
    hand_over(AT + timedelta(seconds=11))
    job.refresh_from_db()
    assert job.due_at == AT + timedelta(seconds=41)
    hand_over(AT + timedelta(seconds=42))

    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == ("started", 3, "")
    assert len({headers["webhook-id"] for _, _, headers, _ in door.sent}) == 1


@pytest.mark.parametrize("answer", [400, 401, 410, OutboundError("forbidden", permanent=True)])
def test_a_refusal_for_good_ends_the_job_at_once(job, door, answer):
    door.answers = [answer]

    hand_over()

    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error
    assert AuditEvent.objects.filter(action="retraining.failed").count() == 1


def test_attempts_come_to_an_end(job, door):
    Job.objects.update(attempts=jobs.MAX_ATTEMPTS - 1)
    door.answers = [503]

    hand_over()

    job.refresh_from_db()
    assert job.state == "failed"


def test_a_job_nobody_took_or_finished_times_out(job, door):
    door.answers = [503]
    hand_over()

    hand_over(AT + timedelta(hours=24))

    job.refresh_from_db()
    assert job.state == "timed_out"
    assert job.error.startswith("The job was not taken until")
    assert AuditEvent.objects.filter(action="retraining.timed_out").count() == 1


def test_a_lease_keeps_others_away_until_it_ends(job, door):
    set_clock(AT)
    first = jobs._claim()

    assert jobs._claim() is None
    set_clock(AT + timedelta(seconds=61))
    second = jobs._claim()
    assert second.token == first.token + 1


def test_a_sender_that_lost_its_lease_writes_nothing(job, door):
    def slow():
        Job.objects.update(lease_token=99)
        return 410

    door.answers = [slow]

    hand_over()

    job.refresh_from_db()
    assert (job.state, job.error) == ("requested", "")


def new_version(job, number=2):
    return ModelVersionFactory.create(
        source_model=job.model.source_models.get(),
        number=number,
        run_tags={"muster.job": str(job.uuid)},
    )


def test_a_version_that_carries_the_job_finishes_it(job, door):
    hand_over()
    version = new_version(job)

    hand_over(AT + timedelta(hours=2))

    job.refresh_from_db()
    assert (job.state, job.result_version) == ("succeeded", version)
    assert job.finished_at == AT + timedelta(hours=2)
    event = AuditEvent.objects.get(action="retraining.succeeded")
    assert event.after == {"job": str(job.uuid), "version": 2}
    assert hand_over(AT + timedelta(hours=3)) == 0


def test_a_late_version_still_counts(job, door):
    hand_over()
    hand_over(AT + timedelta(hours=25))
    version = new_version(job)

    hand_over(AT + timedelta(hours=30))

    job.refresh_from_db()
    assert (job.state, job.result_version) == ("succeeded", version)


def test_another_models_version_cannot_finish_the_job(job, door):
    hand_over()
    other = tracked_model(slug="other").source_models.get()
    ModelVersionFactory.create(source_model=other, number=9, run_tags={"muster.job": str(job.uuid)})

    hand_over(AT + timedelta(hours=1))

    job.refresh_from_db()
    assert job.state == "started"


@pytest.fixture
def program(settings):
    """A trainer that really listens; what it was sent is in `received`."""

    class Handler(BaseHTTPRequestHandler):
        received = []

        def do_POST(self):
            length = int(self.headers["content-length"])
            self.received.append((dict(self.headers), self.rfile.read(length)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.origin = f"http://127.0.0.1:{server.server_port}"
    settings.MUSTER_ALLOWED_ORIGINS = [server.origin]
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_real_trainer_gets_a_real_request(job, program):
    type(job.trainer).objects.update(url=f"{program.origin}/retrain")

    hand_over()

    ((headers, body),) = program.RequestHandlerClass.received
    assert json.loads(body)["job"] == str(job.uuid)
    assert headers["webhook-id"] == f"job_{job.uuid}"
    job.refresh_from_db()
    assert job.state == "started"


def test_a_private_address_that_is_not_allowed_is_never_called(job, program, settings):
    settings.MUSTER_ALLOWED_ORIGINS = []
    type(job.trainer).objects.update(url=f"{program.origin}/retrain")

    hand_over()

    job.refresh_from_db()
    assert (job.state, program.RequestHandlerClass.received) == ("failed", [])
    assert "not among the allowed origins" in job.error
