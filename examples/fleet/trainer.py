"""The fleet's retraining service: Muster asks by a signed webhook, it trains and tells MLflow.

python -m examples.fleet.trainer [--port N] [--mlflow-uri URI] [--landing DIR]
It also takes the alerts of one unit's webhook channel and keeps them beside the batches.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from examples.fleet import experiments
from examples.fleet.accepted import AcceptedJobs
from examples.fleet.muster_client import Muster
from examples.fleet.registrations import webhook_secret
from examples.fleet.retraining import Job, retrain

LONGEST_BODY = 1_000_000
PAUSES = (5.0, 20.0, 60.0, 180.0)  # between the attempts at one job, MLflow being away

logger = logging.getLogger("fleet.trainer")


class Trainer(ThreadingHTTPServer):
    """Listens for requests and works on them one after the other."""

    daemon_threads = True

    def __init__(
        self, port: int, *, mlflow_uri: str, landing: Path, secret: str, muster: Muster | None
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.client = experiments.connect(mlflow_uri)
        self.landing = landing
        self.muster = muster
        self.webhook = Webhook(secret)
        self.waiting: queue.Queue[Job] = queue.Queue()
        self.taken: set[str] = set()
        self.lock = threading.Lock()
        self.accepted = AcceptedJobs(landing / "retraining-jobs")
        for job in self.accepted.left():
            self.taken.add(job.job)
            self.waiting.put(job)
        threading.Thread(target=self._work, daemon=True).start()

    def accept(self, job: Job) -> bool:
        """Take a job unless it was taken before; say whether it is new."""
        with self.lock:
            if job.job in self.taken:
                return False
            self.accepted.keep(job)
            self.taken.add(job.job)
        self.waiting.put(job)
        return True

    def keep_alert(self, message_id: str, message: Any) -> None:
        """Append an alert to a file; the id tells a repeated one."""
        line = json.dumps({"id": message_id, "message": message})
        with self.lock, (self.landing / "received_alerts.jsonl").open("a") as file:
            file.write(line + "\n")

    def _work(self) -> None:
        while True:
            job = self.waiting.get()
            if self._tried(job):
                self.accepted.finish(job)
            else:
                self.accepted.give_up(job)
                # Forgotten, so that being asked once more is not taken for a repetition.
                with self.lock:
                    self.taken.discard(job.job)

    def _tried(self, job: Job) -> bool:
        for pause in (*PAUSES, None):
            try:
                logger.info("%s", retrain(self.client, self.muster, self.landing, job))
                return True
            except Exception:
                logger.exception("Unable to retrain %s for job %s", job.model, job.job)
            if pause is not None:
                time.sleep(pause)
        return False


class Handler(BaseHTTPRequestHandler):
    """Checks the signature before anything else is read."""

    server: Trainer
    timeout = 10

    def do_POST(self) -> None:
        """Take a job at /retrain or an alert at /alerts."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self._answer(413, {"detail": "the body is too long or has no length"})
            return
        body = self.rfile.read(int(length))
        try:
            message = self.server.webhook.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            self._answer(401, {"detail": "the signature does not fit"})
            return
        if self.path.rstrip("/") == "/retrain":
            self._retrain(message)
        elif self.path.rstrip("/") == "/alerts":
            self.server.keep_alert(self.headers.get("webhook-id", ""), message)
            self._answer(202, {"detail": "kept"})
        else:
            self._answer(404, {"detail": "there is /retrain and /alerts"})

    def do_GET(self) -> None:
        """Say how many jobs were taken and how many wait."""
        waiting = self.server.waiting.qsize()
        self._answer(200, {"taken": len(self.server.taken), "waiting": waiting})

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet about each request; the work is logged."""

    def _retrain(self, message: Any) -> None:
        try:
            job = Job.from_message(message)
        except ValueError as error:
            self._answer(400, {"detail": str(error)})
            return
        new = self.server.accept(job)
        self._answer(202, {"detail": "taken" if new else "taken before"})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted."""
    own = os.environ.get
    parser = argparse.ArgumentParser(prog="python -m examples.fleet.trainer")
    parser.add_argument("--port", type=int, default=int(own("FLEET_TRAINER_PORT", "8801")))
    parser.add_argument("--mlflow-uri", default=own("MLFLOW_TRACKING_URI"))
    parser.add_argument("--landing", type=Path, default=own("FLEET_LANDING"))
    parser.add_argument("--muster-url", help="to prove, with MUSTER_TOKEN, that a rollback works")
    given = parser.parse_args(arguments)
    if not given.mlflow_uri or not given.landing:
        parser.error("--mlflow-uri and --landing are needed")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    secret = webhook_secret(own("FLEET_WEBHOOK_SECRET", "muster-demo-webhook-secret"))
    token = own("MUSTER_TOKEN", "")
    server = Trainer(
        given.port,
        mlflow_uri=given.mlflow_uri,
        landing=Path(given.landing),
        secret=secret,
        muster=Muster(given.muster_url, token) if given.muster_url and token else None,
    )
    logger.info("listening on port %s", given.port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
