"""From a batch that lands to its message at the mail server, with the broker up and with it down.

Real processes: judge, worker, beat, sweep, PostgreSQL, Valkey, an SMTP server. Each model has one
sound week behind it; the next week's batch, whose incomes have tripled, lands at a random moment,
and the clock runs from the rename of the file to the mail server's "250".
"""

import hashlib
import os
import random
import statistics
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.killing.world import register
from bench.poisons.poison import reference, rows, written
from script.runner import embedded, processes
from script.runner.demo import Demo, say
from script.runner.mail import folder_name
from script.runner.part import RunnerError
from script.runner.surroundings import landing

DATABASE_ONLY = True
OPTIONS: Mapping[str, tuple[type, Any, str]] = {
    "batches": (int, 40, "with the broker up, and again with it down"),
    "scan": (int, 5, "seconds between two looks into a landing folder (MUSTER_SCAN_SECONDS)"),
    "pause": (float, 2.5, "seconds between two batches, on average"),
}
WEEK = timedelta(days=7)
_PATIENCE = 120.0


def run(demo: Demo, *, batches: int, scan: int, pause: float) -> dict[str, float]:
    """Land batches one after the other, and wait for each one's mail."""
    mail = demo.state.folder / "mail"
    demo.environment.update(
        MUSTER_SCAN_SECONDS=str(scan), MUSTER_GROUP_WAIT_SECONDS="0", LOG_LEVEL="WARNING"
    )
    judge = processes.judge(demo.environment)
    demo.launch(judge)
    demo.start(embedded.store_part(demo.state))
    demo.start(processes.mail(port=demo.state.port("mail"), folder=mail))
    enter_django(demo)
    start = monday() - 2 * WEEK
    names = settle(demo, 2 * batches, start)
    demo.await_ready(judge)
    for part in (
        processes.worker(demo.environment),
        processes.beat(demo.environment),
        processes.sweep(demo.environment),
    ):
        demo.start(part)
    await_sound(demo, len(names))
    random.seed(1)
    up = measure(demo, names[:batches], start + WEEK, mail, pause=pause)
    say("the broker goes down")
    demo.supervisor.stop_part("valkey")
    down = measure(demo, names[batches:], start + WEEK, mail, pause=pause)
    return {
        "p95_s": p95(up),
        "p95_broker_down_s": p95(down),
        "median_s": round(statistics.median(up), 1),
        "median_broker_down_s": round(statistics.median(down), 1),
        "slowest_s": round(max(up), 1),
        "slowest_broker_down_s": round(max(down), 1),
        "batches": len(up) + len(down),
        "scan_seconds": scan,
    }


def monday() -> datetime:
    """Return the start of this week."""
    from registry import clock

    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def settle(demo: Demo, count: int, start: datetime) -> list[str]:
    """Make the models, each with an owner of its own and a sound first week."""
    from monitoring import definitions, sourcing
    from monitoring.models import Baseline, UnitNotification
    from registry import actors, clock
    from registry.models import BusinessUnit, Person

    unit = BusinessUnit.objects.create(slug="latency", name="Latency")
    UnitNotification.objects.create(unit=unit, quiet_hours=False, budgets=False)
    content = written(reference(), "parquet")
    digest = hashlib.sha256(content).hexdigest()
    folder = Path(demo.environment["MUSTER_DATA_DIR"]) / "baselines"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{digest}.parquet").write_bytes(content)
    bench, names = actors.system("bench"), [f"latency-{number}" for number in range(count)]
    for name in names:
        at = clock.now()
        owner = Person.objects.create_user(f"{name}@latency.example", name=name)
        version = register(name, unit, owner, at=at)
        model = version.source_model.registered_model
        Baseline.objects.create(
            model=model,
            version=version,
            path=f"baselines/{digest}.parquet",
            digest=digest,
            size=len(content),
            created_at=at,
        )
        place = landing(demo.state) / name
        (place / "batches").mkdir(parents=True)
        sourcing.put_source(bench, model, "requests", at=at, address=str(place), format="parquet")
        spec = {
            "every_days": 7,
            "start": start.isoformat(),
            "grace_hours": 24 * 14,
            "min_rows": 200,
            "when": {"bad": 1, "of": 1, "good": 1},
        }
        definitions.put_check(bench, model, "data", at=at, kind="data", spec=spec)
        land(place, start, factor=1.0)
    return names


def land(place: Path, start: datetime, *, factor: float) -> float:
    """Write a week's batch aside and rename it; return when that was."""
    table = rows(400, start, 7, seed=7)
    table["income"] *= factor
    aside = place / f".{start:%Y-%m-%d}.part"
    aside.write_bytes(written(table, "parquet"))
    aside.rename(place / "batches" / f"{start:%Y-%m-%d}.parquet")
    return time.time()


def await_sound(demo: Demo, count: int) -> None:
    """Wait until each model's first week is judged, and sound."""
    from monitoring.models import Run

    deadline = time.monotonic() + 60 + 3 * count
    while time.monotonic() < deadline:
        demo.supervisor.wait(1.0)
        states = list(Run.objects.filter(current=True).values_list("state", "reason"))
        if bad := [found for found in states if found[0] not in ("ok", "queued", "running")]:
            raise RunnerError(f"a sound week was judged {bad[0]}")
        if sum(state == "ok" for state, _ in states) == count:
            return
    raise RunnerError("the sound weeks were not judged in time")


def measure(
    demo: Demo, names: list[str], start: datetime, mail: Path, *, pause: float
) -> list[float]:
    """Land a batch for each model; return the seconds until its mail was accepted."""
    landed: dict[str, float] = {}
    for name in names:
        landed[name] = land(landing(demo.state) / name, start, factor=3.0)
        demo.supervisor.wait(random.expovariate(1 / pause))
    found: dict[str, float] = {}
    deadline = time.monotonic() + _PATIENCE
    while len(found) < len(names) and time.monotonic() < deadline:
        demo.supervisor.wait(0.5)
        for name in names:
            box = mail / folder_name(f"{name}@latency.example") / "new"
            arrived = [float(file.name.rsplit(".", 2)[0]) for file in box.glob("*.eml")]
            if arrived:
                found[name] = min(arrived) - landed[name]
    if missing := set(names) - set(found):
        raise RunnerError(f"no mail about {', '.join(sorted(missing)[:5])} in {_PATIENCE:.0f} s")
    return list(found.values())


def p95(seconds: list[float]) -> float:
    """Return the value that 95 of 100 do not pass."""
    return round(statistics.quantiles(seconds, n=20, method="inclusive")[-1], 1)


def enter_django(demo: Demo) -> None:
    """Make Muster's own operations work on the bench's database."""
    import django

    os.environ.update(demo.environment)
    django.setup()
