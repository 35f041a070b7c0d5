"""A sweep of 2,000 models and 10,000 versions: requests and seconds, beside MLflow's own client.

MLflow's server is real; what it shows is cloned by SQL in its PostgreSQL from one model that was
made by REST, which saves many minutes. Muster reads it twice: once unknown, once with a record for
each model, and so with the runs and metric points of every champion. Files are left out: each is
read once in the life of a version. The same requests are then sent again by bare urllib3.
"""

import importlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import urllib3

from bench.audit import enter_django, size, superuser
from script.runner import embedded, postgres
from script.runner.demo import Demo, say

_VERSIONS_A_MODEL = 5
_SAMPLE = 20
_METRICS = ("auc", "latency_ms")
# Rows that hang on one key, and what is different in each clone (n counts versions or models).
_PER_RUN = ("metrics", "latest_metrics", "params", "tags")
_CLONE = """
INSERT INTO {table} SELECT (jsonb_populate_record(one, {changes})).*
FROM {table} AS one, generate_series(1, %s) AS n WHERE one.{where}
"""


def run(demo: Demo) -> dict[str, float]:
    """Fill MLflow, read it with Muster and with its own client, replay what Muster asked."""
    models = size("BENCH_MODELS", 2000)
    fill(demo, models)
    enter_django(demo, superuser(demo))
    # MLflow compiles a query when it is first asked for; neither side is to pay for that.
    for place in ("registered-models", "model-versions"):
        urllib3.request("GET", f"{demo.at.mlflow}/api/2.0/mlflow/{place}/search?max_results=1")
    asked: list[tuple[str, str, dict[str, str], bytes]] = []
    first, cycle = read_by_muster(demo.at.mlflow, asked)
    replayed = replay(asked)
    stock = stock_requests(demo.at.mlflow) / _SAMPLE * models
    return {
        "models": float(models),
        "versions": float(models * _VERSIONS_A_MODEL),
        "requests": float(len(asked)),
        "requests_ratio": round(stock / len(asked), 1),
        "seconds": round(first + cycle, 2),
        "first_seconds": round(first, 2),
        "cycle_seconds": round(cycle, 2),
        "replay_seconds": round(replayed, 2),
        "server_share": round(replayed / (first + cycle), 3),
    }


def post(origin: str, place: str, **body: Any) -> Any:
    """Ask MLflow for something by REST."""
    answer = urllib3.request("POST", f"{origin}/api/2.0/mlflow/{place}", json=body, timeout=60)
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def fill(demo: Demo, models: int) -> None:
    """Make one model with a run by REST, and clone its rows."""
    origin, at = demo.at.mlflow, int(time.time() * 1000)
    experiment = post(origin, "experiments/create", name="bench")["experiment_id"]
    run_id = post(origin, "runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    points = [{"key": key, "value": 0.9, "timestamp": at, "step": 0} for key in _METRICS]
    params = [{"key": f"param{number}", "value": "3"} for number in range(5)]
    post(origin, "runs/log-batch", run_id=run_id, metrics=points, params=params)
    post(origin, "runs/update", run_id=run_id, status="FINISHED")
    tags = [{"key": "team", "value": "payments"}]
    post(origin, "registered-models/create", name="template", description="x" * 200, tags=tags)
    post(origin, "model-versions/create", name="template", source="s3://bench/m", run_id=run_id)
    post(origin, "registered-models/alias", name="template", alias="champion", version="1")
    say(f"cloning {models} models and {models * _VERSIONS_A_MODEL} versions")
    own = embedded.cluster(demo.state)
    url = own.url(role=postgres.SUPERUSER, password=own.password, database="mlflow")
    model = f"'bench-' || (n - 1) / {_VERSIONS_A_MODEL}"
    number = f"(n - 1) % {_VERSIONS_A_MODEL} + 1"
    versions = models * _VERSIONS_A_MODEL
    session = psycopg2.connect(url)
    with session, session.cursor() as cursor:
        run = f"run_uuid = '{run_id}'"
        clone(cursor, "runs", run, "jsonb_build_object('run_uuid', md5(n::text))", versions)
        for table in _PER_RUN:
            clone(cursor, table, run, "jsonb_build_object('run_uuid', md5(n::text))", versions)
        mine = "name = 'template'"
        named = "jsonb_build_object('name', 'bench-' || n - 1)"
        timed = f"{named} || jsonb_build_object('creation_time', one.creation_time + n)"
        clone(cursor, "registered_models", mine, timed, models)
        clone(cursor, "registered_model_tags", mine, named, models)
        clone(cursor, "registered_model_aliases", mine, named, models)
        changes = (
            f"jsonb_build_object('name', {model}, 'version', {number}, 'run_id', md5(n::text))"
        )
        clone(cursor, "model_versions", mine, changes, versions)
    with session.cursor() as cursor:
        session.autocommit = True
        cursor.execute("ANALYZE")
    session.close()


def clone(cursor: Any, table: str, where: str, changes: str, count: int) -> None:
    """Write `count` copies of a table's rows, each with its own changes."""
    statement = _CLONE.format(table=table, where=where, changes=changes)
    cursor.execute(statement.replace("% 5", "%% 5"), [count])


def read_by_muster(origin: str, asked: list[Any]) -> tuple[float, float]:
    """Read the server twice; return the seconds of both, and what was asked in `asked`."""
    from django.utils import timezone

    from registry import outbound
    from registry.models import MLflowServer, ModelVersion, RegisteredModel

    MLflowServer.objects.all().delete()
    server = MLflowServer.objects.create(slug="bench", origin=origin, next_sweep_at=timezone.now())
    with recorded(outbound, asked):
        first = sweep(server)
        assert ModelVersion.objects.count() > 0
        register(server)
        ModelVersion.objects.update(evidence_read_at=timezone.now())
        cycle = sweep(server)
    assert ModelVersion.objects.exclude(metrics={}).count() >= RegisteredModel.objects.count()
    return first, cycle


def sweep(server: Any) -> float:
    """Look at the server until a whole sweep went through; return the seconds that took."""
    from registry import clock
    from registry.mlflow import lease, sync
    from registry.models import MLflowServer

    MLflowServer.objects.update(next_sweep_at=clock.now())
    before, seconds = server.sweeps_completed, 0.0
    while server.sweeps_completed == before:
        start = time.monotonic()
        held = lease.claim()
        assert held is not None
        sync.sweep(held, at=clock.now(), seconds=110)
        seconds += time.monotonic() - start
        server.refresh_from_db()
        assert server.fault == "", server.fault
    return seconds


def register(server: Any) -> None:
    """Give every model a record."""
    from registry.models import BusinessUnit, Person, RegisteredModel, SourceModel

    unit = BusinessUnit.objects.create(slug="bench", name="Bench")
    owner = Person.objects.create_user("bench@example.org", name="Bench")
    RegisteredModel.objects.bulk_create(
        RegisteredModel(
            slug=name,
            name=name,
            unit=unit,
            owner=owner,
            purpose="bench",
            task="classification",
            decision_role="one_input",
            mlflow_server=server,
            mlflow_name=name,
        )
        for name in SourceModel.objects.values_list("name", flat=True)
    )


@contextmanager
def recorded(outbound: Any, asked: list[Any]) -> Iterator[None]:
    """Note every request that goes out."""
    send = outbound.request

    def note(method: str, url: str, **more: Any) -> Any:
        asked.append((method, url, dict(more["headers"]), more["body"]))
        return send(method, url, **more)

    outbound.request = note
    try:
        yield
    finally:
        outbound.request = send


def replay(asked: list[tuple[str, str, dict[str, str], bytes]]) -> float:
    """Send the same requests one after the other; return the seconds that took."""
    with urllib3.PoolManager(retries=False) as pool:
        start = time.monotonic()
        for method, url, headers, body in asked:
            answer = pool.request(method, url, headers=headers, body=body or None, timeout=60)
            assert answer.status == 200, answer.data[:300]
        return time.monotonic() - start


def stock_requests(origin: str) -> int:
    """Count what MLflow's own client asks for a sample of models, one by one."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    client = importlib.import_module("mlflow").MlflowClient(origin)
    count = 0
    pool: Any = urllib3.connectionpool.HTTPConnectionPool
    urlopen = pool.urlopen

    def counting(self: Any, *arguments: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        return urlopen(self, *arguments, **more)

    pool.urlopen = counting
    try:
        for number in range(_SAMPLE):
            name = f"bench-{number}"
            client.get_registered_model(name)
            client.search_model_versions(f"name='{name}'")
            version = client.get_model_version_by_alias(name, "champion")
            for key in client.get_run(version.run_id).data.metrics:
                client.get_metric_history(version.run_id, key)
    finally:
        pool.urlopen = urlopen
    return count
