"""A watched model for tests: MLflow twin, stored reference, landing folder, checks; and turns."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from django.conf import settings

from monitoring import definitions, runs, scans, sourcing, windows
from monitoring.models import Baseline, Check, Run, Source
from registry import actors, clock
from registry.models import ModelVersion, RegisteredModel
from registry.queries import champion
from tests import factories
from tests.monitoring import tables

ACTOR = actors.system("tests")
DATA = {**tables.SPEC, "grace_hours": 24}
PERFORMANCE = {
    "every_days": 7,
    "start": tables.SPEC["start"],
    "label_delay_days": 28,
    "min_labels": 50,
    "metrics": [{"name": "roc_auc", "direction": "min", "limit": 0.6}],
}
FAIRNESS = {
    "every_days": 7,
    "start": tables.SPEC["start"],
    "favorable": {"at_least": 0.5},
    "attributes": ["employed"],
    "limits": {"impact_ratio": 0.8},
}


@dataclass
class Watched:
    """A model and where its files land."""

    model: RegisteredModel
    folder: Path

    @property
    def version(self) -> ModelVersion:
        found = champion(self.model)
        assert found
        return found

    def land(self, table: pd.DataFrame, week: int = 0, name: str = "") -> Path:
        start = tables.START + week * tables.WEEK
        path = self.folder / "batches" / f"{name or start.strftime('%Y-%m-%d')}.parquet"
        tables.write(table, path)
        return path

    def land_labels(self, table: pd.DataFrame, name: str) -> Path:
        path = self.folder / "labels" / f"{name}.parquet"
        tables.write(table, path)
        return path

    def runs(self, check: Check) -> list[Run]:
        found = Run.objects.filter(window__check_ref=check, current=True)
        return list(found.select_related("window").order_by("window__start"))

    def states(self, check: Check) -> list[str]:
        return [run.state for run in self.runs(check)]


def week(number: int = 0, count: int = 600) -> pd.DataFrame:
    """A sound batch of one week."""
    return tables.batch(count, seed=100 + number, start=tables.START + number * tables.WEEK)


def watched(folder: Path, *, reference: bool = True, source: bool = True) -> Watched:
    """Make the model; `reference` stores what its champion was trained on."""
    model = factories.tracked_model(slug="credit")
    made = Watched(model, folder / "credit")
    if source:
        (made.folder / "batches").mkdir(parents=True)
        (made.folder / "labels").mkdir()
    sourcing.put_source(
        ACTOR, model, "requests", at=clock.now(), address=str(made.folder), format="parquet"
    )
    if reference:
        store_reference(made)
    return made


def store_reference(made: Watched) -> Baseline:
    """Put the reference where a fetch from MLflow would have put it."""
    folder = Path(settings.MUSTER_DATA_DIR) / "baselines"
    folder.mkdir(parents=True, exist_ok=True)
    aside = tables.write(tables.reference(), folder / "aside.parquet")
    content = Path(aside).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    Path(aside).replace(folder / f"{digest}.parquet")
    return Baseline.objects.create(
        model=made.model,
        version=made.version,
        path=f"baselines/{digest}.parquet",
        digest=digest,
        size=len(content),
        created_at=clock.now(),
    )


def check(made: Watched, slug: str = "data", kind: str = "data", **spec: Any) -> Check:
    """Define a check."""
    base = {"data": DATA, "performance": PERFORMANCE, "fairness": FAIRNESS}.get(kind, {})
    found, _ = definitions.put_check(
        ACTOR, made.model, slug, at=clock.now(), kind=kind, spec={**base, **spec}
    )
    return found


def look(at: datetime) -> None:
    """Let every duty of monitoring come round at this time, whatever the schedule says."""
    Source.objects.update(next_scan_at=at)
    scans.scan_due(at=at, seconds=20)
    think(at)


def prepare(at: datetime) -> None:
    """Scan and plan, and judge nothing yet."""
    Source.objects.update(next_scan_at=at)
    scans.scan_due(at=at, seconds=20)
    Check.objects.update(next_plan_at=at)
    windows.plan_due(at=at, seconds=20)


def think(at: datetime) -> None:
    """Plan and judge until nothing is left to do."""
    for _ in range(6):
        Check.objects.update(next_plan_at=at)
        windows.plan_due(at=at, seconds=20)
        if not runs.execute_due(at=at, seconds=15):
            break


def after(weeks: int, **more: float) -> datetime:
    """The end of window number `weeks` (from 1), and a little later."""
    return tables.START + weeks * tables.WEEK + timedelta(**(more or {"minutes": 1}))
