"""Registrations a second over REST, beside MLflow's own registered-models/create.

Both servers have one worker process, the same durable PostgreSQL, the same clients, which keep
their connections, in turns. Ours does more for each: it checks rights and references, computes the
tier, and writes record, revision, assessment and audit chain in one transaction.

The goal is per core, so `ratio` compares registrations by CPU second: that of the server's
processes and of its own sessions in PostgreSQL. `wall_ratio` compares what came by the clock.
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

import psycopg2

from bench.audit import superuser
from script.runner import measure, processes
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

    name: str  # of its database, too
    part: str
    origin: str
    request: Callable[[int], Request]
    headers: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    spent: float = 0.0
    cpu: float = 0.0
    made: int = 0

    def per_second(self) -> float:
        """Return what it reached over all its turns."""
        return len(self.seconds) / self.spent

    def per_core(self) -> float:
        """Return how many it registered with one second of a core."""
        return len(self.seconds) / self.cpu


def run(demo: Demo) -> dict[str, float]:
    """Let both register, in turns of BENCH_SECONDS (8)."""
    token = demo.tasks.token(demo.state)
    admin = superuser(demo)
    surroundings = {**demo.environment, "MUSTER_API_RATE": "0"}
    demo.start(processes.web(surroundings, port=demo.at.web_port, workers=1))
    ours = Side("muster", "web", demo.at.web, _model, {"Authorization": f"Bearer {token}"})
    theirs = Side("mlflow", "mlflow", demo.at.mlflow, _registered_model)
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
            before = _cpu_seconds(demo, side, admin)
            _take_turn(side, length)
            side.cpu += _cpu_seconds(demo, side, admin) - before
        say(f"turn {turn + 1}: ours {ours.per_second():.1f}/s, MLflow {theirs.per_second():.1f}/s")
    return {
        "ours_per_s": round(ours.per_second(), 1),
        "mlflow_per_s": round(theirs.per_second(), 1),
        "ours_per_core_s": round(ours.per_core(), 1),
        "mlflow_per_core_s": round(theirs.per_core(), 1),
        "ratio": round(ours.per_core() / theirs.per_core(), 2),
        "wall_ratio": round(ours.per_second() / theirs.per_second(), 2),
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


def _cpu_seconds(demo: Demo, side: Side, admin: str) -> float:
    """Return the CPU seconds so far of a server and of its sessions in PostgreSQL."""
    session = psycopg2.connect(admin)
    with session, session.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [side.name])
        # Our own question does not count; a session leads a process group of its own.
        pids = {pid for (pid,) in cursor.fetchall()} - {session.info.backend_pid}
    session.close()
    process = demo.supervisor.running[side.part].process
    assert process is not None
    return sum(measure.cpu_seconds(pid) for pid in {process.pid, *pids})


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
