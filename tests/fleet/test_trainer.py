import json
import threading
import time
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pandas as pd
import pytest
from standardwebhooks import Webhook

from examples.fleet import retraining, trainer
from examples.fleet.catalogue import find
from examples.fleet.registrations import webhook_secret
from examples.fleet.retraining import Job, fresh_rows

SECRET = webhook_secret("a secret of the tests")


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A running trainer that notes jobs instead of training."""
    done = []
    monkeypatch.setattr(trainer.experiments, "connect", lambda uri: None)
    monkeypatch.setattr(
        trainer, "retrain", lambda client, muster, landing, job: done.append(job) or "trained"
    )
    server = trainer.Trainer(
        0, mlflow_uri="http://mlflow", landing=tmp_path, secret=SECRET, muster=None
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, done, tmp_path
    server.shutdown()
    server.server_close()


def send(server, path, message, *, secret=SECRET, at=None):
    body, at = json.dumps(message), at or datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }
    address = f"http://127.0.0.1:{server.server_port}{path}"
    try:
        with urlopen(Request(address, data=body.encode(), headers=headers), timeout=5) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def asked(job="11111111-2222-3333-4444-555555555555"):
    return {
        "type": "retraining.requested",
        "job": job,
        "model": "card-fraud",
        "mlflow_model": "card-fraud",
        "reason": "drift",
        "data_until": "2026-11-16T00:00:00Z",
    }


def wait_for(done, count):
    for _ in range(100):
        if len(done) >= count:
            return
        time.sleep(0.02)


def test_a_signed_request_is_accepted_and_worked_on_once(service):
    server, done, _ = service

    assert send(server, "/retrain", asked()) == 202
    assert send(server, "/retrain", asked()) == 202
    assert send(server, "/retrain", asked("another-job")) == 202

    wait_for(done, 2)
    assert [job.job for job in done] == [asked()["job"], "another-job"]
    assert done[0].data_until == datetime(2026, 11, 16, tzinfo=UTC)


def test_a_wrong_or_old_signature_is_refused(service):
    server, done, _ = service
    old = datetime(2020, 1, 1, tzinfo=UTC)

    assert send(server, "/retrain", asked(), secret=webhook_secret("another")) == 401
    assert send(server, "/retrain", asked(), at=old) == 401
    assert done == []


@pytest.mark.parametrize(
    "message",
    [
        {"type": "something.else"},
        [],
        {**asked(), "job": ""},
        {**asked(), "job": "' OR 1=1"},
        {**asked(), "mlflow_model": None},
        {**asked(), "data_until": "soon"},
    ],
)
def test_a_message_without_sense_is_a_400(service, message):
    server, done, _ = service

    assert send(server, "/retrain", message) == 400
    assert done == []


def failing(done, times):
    def retrain(client, muster, landing, job):
        done.append(job)
        if len(done) <= times:
            raise RuntimeError("MLflow is away")
        return "trained"

    return retrain


def test_a_job_is_tried_again_while_mlflow_is_away(service, monkeypatch):
    server, done, folder = service
    monkeypatch.setattr(trainer, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(trainer, "retrain", failing(done, times=2))

    send(server, "/retrain", asked())

    wait_for(done, 3)
    time.sleep(0.1)
    assert len(done) == 3
    assert list((folder / "retraining-jobs").iterdir()) == []


def test_a_job_that_failed_for_good_is_set_aside_and_may_be_asked_for_again(service, monkeypatch):
    server, done, folder = service
    monkeypatch.setattr(trainer, "PAUSES", ())
    monkeypatch.setattr(trainer, "retrain", failing(done, times=1))

    send(server, "/retrain", asked())
    wait_for(done, 1)
    time.sleep(0.1)
    assert [path.suffix for path in (folder / "retraining-jobs").iterdir()] == [".failed"]
    send(server, "/retrain", asked())

    wait_for(done, 2)
    assert len(done) == 2


def test_what_was_accepted_before_a_crash_is_done_after_it(service):
    server, done, folder = service
    job = Job.from_message(asked("from-before"))
    server.accepted.keep(job)

    restarted = trainer.Trainer(
        0, mlflow_uri="http://mlflow", landing=folder, secret=SECRET, muster=None
    )

    wait_for(done, 1)
    restarted.server_close()
    time.sleep(0.05)
    assert done == [job]
    assert server.accepted.left() == []


def test_alerts_of_the_channel_are_kept(service):
    server, _, folder = service

    assert send(server, "/alerts", {"type": "alert.fired"}) == 202

    (line,) = (folder / "received_alerts.jsonl").read_text().splitlines()
    assert json.loads(line) == {"id": "msg_1", "message": {"type": "alert.fired"}}
    assert send(server, "/elsewhere", {}) == 404


def test_fresh_rows_leave_out_what_is_broken_late_or_without_labels(tmp_path):
    spec = find("card-fraud")
    batches, labels = tmp_path / spec.slug / "batches", tmp_path / spec.slug / "labels"
    batches.mkdir(parents=True)
    labels.mkdir()
    for day in ("2026-08-17", "2026-08-24", "2026-08-31", "2026-09-07", "2026-09-14"):
        rows = pd.DataFrame({"request_id": [f"{day}-{i}" for i in range(3)], "amount": 1.0})
        rows = pd.concat([rows, rows.head(1)])  # one request came twice
        if day == "2026-08-31":
            rows = rows.drop(columns=["amount"])
        rows.to_parquet(batches / f"{day}.parquet")
        if day != "2026-09-07":
            rows[["request_id"]].drop_duplicates().assign(label=1).to_parquet(
                labels / f"{day}.parquet"
            )
    (batches / "2026-08-24.parquet").write_bytes(b"PAR1 broken")

    columns = ["request_id", "amount", "label"]
    until = datetime(2026, 9, 14, tzinfo=UTC)
    found = fresh_rows(tmp_path, spec, columns, until=until)

    assert set(found["request_id"].str[:10]) == {"2026-08-17"}
    assert found["request_id"].is_unique
    assert retraining.Job.from_message(asked()) == Job(
        asked()["job"], "card-fraud", datetime(2026, 11, 16, tzinfo=UTC)
    )
