"""A small world in which all is well: a metric that broke its limit, was told, and recovered."""

from datetime import timedelta

from monitoring import definitions, runs, windows
from monitoring.alerts import delivery
from monitoring.models import Check
from registry import actors, clock
from registry.models import MetricPoint, ModelVersion
from registry.queries import champion
from tests import cast

DAY = timedelta(days=1)
LATENCIES = (90, 130, 140, 80, 150, 160)


def well(values=LATENCIES, *, days=6) -> Check:
    """Watch a model for some days: latency broke its limit, recovered, and breaks it now."""
    found = cast.cast()
    at = clock.now()
    start = (at - days * DAY).replace(minute=0, second=0, microsecond=0)
    check, _ = definitions.put_check(
        actors.system("tests"),
        found.model,
        "latency",
        at=at,
        kind="metric",
        spec={
            "metric": "latency_p95_ms",
            "every_days": 1,
            "grace_hours": 0,
            "start": start.isoformat(),
            "direction": "max",
            "limit": 120,
            "when": {"bad": 1, "of": 1, "good": 1},
        },
    )
    version = champion(found.model)
    for number, value in enumerate(values):
        MetricPoint.objects.create(
            server=version.source_model.server,
            run_id=version.run_id,
            key="latency_p95_ms",
            step=number,
            at=start + (number + 0.5) * DAY,
            value=str(value),
            number=value,
        )
    ModelVersion.objects.update(points_read_at=at)
    work()
    return check


def work() -> None:
    """Do what is due, in the order of a cycle."""
    windows.plan_due(at=clock.now(), seconds=20)
    runs.execute_due(at=clock.now(), seconds=20)
    delivery.deliver_due(at=clock.now(), seconds=20)
