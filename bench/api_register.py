"""Registrations a second over REST, beside MLflow's own registered-models/create.

Both servers have one worker process, the same PostgreSQL, the same clients, in turns. Ours does
more for each: it checks rights and references, computes the tier, and writes record, revision,
assessment and audit chain in one transaction.
"""

import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from script.runner import processes
from script.runner.demo import Demo, say
from script.runner.part import RunnerError
from script.runner.tasks import ADMIN

_CLIENTS = 4
_TURNS = 3
_WARM_UP = 40

Request = tuple[str, str, dict[str, object]]


@dataclass
class Side:
    """One of the two servers: where it is, and how its n-th registration is written."""

    name: str
    origin: str
    request: Callable[[int], Request]
    headers: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    spent: float = 0.0
    made: int = 0

    def per_second(self) -> float:
        """Return what it reached over all its turns."""
        return len(self.seconds) / self.spent


def run(demo: Demo) -> dict[str, float]:
    """Let both register, in turns of BENCH_SECONDS (8)."""
    token = demo.tasks.token(demo.state)
    surroundings = {**demo.environment, "MUSTER_API_RATE": "0"}
    demo.start(processes.web(surroundings, port=demo.at.web_port, workers=1))
    ours = Side("muster", demo.at.web, _model, {"Authorization": f"Bearer {token}"})
    theirs = Side("mlflow", demo.at.mlflow, _registered_model)
    _send(ours, ("PUT", "/api/v1/business-units/bench/", {"name": "Bench"}))
    _send(
        ours,
        (
            "PUT",
            f"/api/v1/business-units/bench/members/{ADMIN}/",
            {"roles": ["owner"]},
        ),
    )
    length = float(os.environ.get("BENCH_SECONDS", "8"))
    for side in (ours, theirs):
        for _ in range(_WARM_UP):
            _send(side, side.request(_next(side)))
    for turn in range(_TURNS):
        for side in (ours, theirs):
            _take_turn(side, length)
        say(f"turn {turn + 1}: ours {ours.per_second():.1f}/s, MLflow {theirs.per_second():.1f}/s")
    return {
        "ours_per_s": round(ours.per_second(), 1),
        "mlflow_per_s": round(theirs.per_second(), 1),
        "ratio": round(ours.per_second() / theirs.per_second(), 2),
        "p95_ms": round(statistics.quantiles(ours.seconds, n=20)[-1] * 1000, 1),
    }


def _model(number: int) -> Request:
    body: dict[str, object] = {
        "name": f"Bench model {number}",
        "business_unit": "bench",
        "owner": ADMIN,
        "purpose": "Measure how quickly models are registered",
        "task": "classification",
        "decision_role": "one_input",
        "tags": ["bench"],
    }
    return "PUT", f"/api/v1/models/bench-{number}/", body


def _registered_model(number: int) -> Request:
    body: dict[str, object] = {
        "name": f"bench-{number}",
        "description": "Measure how quickly models are registered",
        "tags": [{"key": "unit", "value": "bench"}, {"key": "owner", "value": ADMIN}],
    }
    return "POST", "/api/2.0/mlflow/registered-models/create", body


_lock = threading.Lock()


def _next(side: Side) -> int:
    with _lock:
        side.made += 1
        return side.made


def _take_turn(side: Side, length: float) -> None:
    began_at = time.monotonic()
    end, faults = began_at + length, []

    def work() -> None:
        connection = _connect(side)
        try:
            while time.monotonic() < end:
                before = time.monotonic()
                _send(side, side.request(_next(side)), connection)
                side.seconds.append(time.monotonic() - before)
        except (OSError, http.client.HTTPException, RunnerError) as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RunnerError(f"{side.name} stopped answering: {faults[0]}")
    side.spent += time.monotonic() - began_at


def _connect(side: Side) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(side.origin).netloc, timeout=30)


def _send(
    side: Side, request: Request, connection: http.client.HTTPConnection | None = None
) -> None:
    method, path, body = request
    used = connection or _connect(side)
    headers = {"Content-Type": "application/json", **side.headers}
    used.request(method, path, json.dumps(body), headers)
    answer = used.getresponse()
    content = answer.read()
    if answer.status not in (200, 201):
        raise RunnerError(f"{side.name} answered {answer.status} to {path}: {content[:300]!r}")
    if connection is None:
        used.close()
