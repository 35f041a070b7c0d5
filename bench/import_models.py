"""Import 400 models from MLflow's list through one operation: seconds and rows a second."""

import json
import os
import time
from datetime import timedelta

from script.runner.demo import Demo, say

_MODELS = 400


def run(demo: Demo) -> dict[str, float]:
    """Measure in a process of its own, on the stand's PostgreSQL."""
    say(f"importing {size()} models")
    return demo.tasks.read_json("-m", "bench.import_models")


def size() -> int:
    """Return how many models are imported."""
    return int(os.environ.get("BENCH_MODELS", _MODELS))


def measure(models: int) -> dict[str, float]:
    """Lay out models that nobody registered, import them as a worker would, and count."""
    from registry import actors, clock, operations
    from registry.imports import from_mlflow
    from registry.models import (
        BusinessUnit,
        Membership,
        MLflowServer,
        Operation,
        Person,
        SourceModel,
    )

    at = clock.now()
    unit = BusinessUnit.objects.create(slug="bench-unit", name="Bench")
    owner = Person.objects.create_user("bench@example.com", name="Bench")
    Membership.objects.create(person=owner, unit=unit, role="owner")
    server = MLflowServer.objects.create(
        slug="bench", origin="http://bench.example", next_sweep_at=at + timedelta(days=1)
    )
    SourceModel.objects.bulk_create(
        SourceModel(
            server=server,
            name=f"bench model {number}",
            created_ms=number,
            description="Scores requests",
            tags={"bu": unit.slug, "owner": owner.email},
            first_seen_at=at,
            seen_at=at,
        )
        for number in range(models)
    )
    actor = actors.of_person(owner)
    order = {
        "server": server.slug,
        "map": {"business_unit": "tag:bu", "owner": "tag:owner", "purpose": "description"},
        "defaults": {"task": "classification", "decision_role": "one_input"},
    }
    began_at, cpu = time.monotonic(), time.process_time()
    wanted = from_mlflow.read(actor, order, at=at)
    work = wanted.model_dump(mode="json", exclude_unset=True)
    kind = Operation.Kind.IMPORT_MLFLOW
    row = operations.start(actor, kind, work, total=models, token=None, at=at)
    while row.finished_at is None:
        operations.work_due(at=clock.now(), seconds=60)
        row.refresh_from_db()
    seconds = time.monotonic() - began_at
    created = sum(result["status"] == "created" for result in row.results)
    return {
        "rows": float(created),
        "seconds": round(seconds, 2),
        "rows_per_s": round(created / seconds, 1),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(measure(size())))
