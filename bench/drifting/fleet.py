"""The fleet without servers: each model's weeks, judged by us and by Evidently's defaults.

`python -m bench.drifting.fleet [MODEL ...]`; the last line is JSON.
"""

import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType

from examples.fleet import batches, registrations, training, worlds
from examples.fleet.calendar import Calendar
from examples.fleet.catalogue import find
from examples.fleet.score import TRUTH
from examples.fleet.worlds.world import WEEKS
from monitoring.alerts.judgement import Condition, Look, Point, When, judge
from monitoring.judging import child
from monitoring.judging.data_job import judge_data
from monitoring.judging.learn_job import learn_contract
from monitoring.judging.protocol import Job, Result, Roles

QUIET = ("nothing", "season")
CALENDAR = Calendar.ending_before(datetime(2026, 11, 21, 22, 0, tzinfo=UTC))
_DATASET_SHARE = 0.5


@dataclass
class Counts:
    """What is counted over the fleet."""

    alerts: int = 0
    true_alerts: int = 0
    wanted: int = 0
    found: int = 0
    quiet_weeks: int = 0
    false_alarms: int = 0
    false_windows: int = 0  # before m-of-n
    evidently_windows: int = 0  # of quiet weeks: any column flagged
    evidently_datasets: int = 0  # of quiet weeks: half of the columns flagged
    wrong: list[str] = field(default_factory=list)


def main(slugs: list[str]) -> Counts:
    """Judge every model whose script the data check is to find, or to leave alone."""
    child.warm_up()
    counts = Counts()
    for told in json.loads(TRUTH.read_text("utf-8"))["models"]:
        watched = told["kind"] in QUIET or told.get("alert_check") == "data"
        if watched and (not slugs or told["slug"] in slugs):
            with tempfile.TemporaryDirectory(prefix="muster-detect-") as folder:
                _model(told, Path(folder), counts)
    return counts


def _model(told: dict[str, Any], folder: Path, counts: Counts) -> None:
    spec = find(told["slug"])
    world = worlds.build(spec.world, rows=spec.rows)
    trained = training.train(spec, world, batches.history(spec, world, CALENDAR))
    check = registrations.checks(spec, world, trained.limits, CALENDAR)["data"]["spec"]
    quiet = told["kind"] in QUIET
    results = []
    for week, result in judged(spec, world, trained, check, folder):
        results.append(result)
        if quiet:
            columns = [*world.features, check["prediction"]["column"]]
            flagged = _flagged(trained.reference, week.requests, columns)
            counts.quiet_weeks += 1
            counts.false_windows += result.state != "ok"
            counts.evidently_windows += flagged > 0
            counts.evidently_datasets += flagged >= _DATASET_SHARE * len(columns)
    _count(told, _alerts(results, check["when"]), counts)


def judged(
    spec: Any, world: Any, trained: Any, check: dict[str, Any], folder: Path
) -> Iterator[tuple[Any, Result]]:
    """Yield each week of a model with the verdict of its data check."""
    trained.reference.to_parquet(folder / "reference.parquet", index=False)
    roles = Roles(
        prediction="prediction", label="label", time="time",
        leave_out=("session",) if spec.task == "ranking" else (),
    )  # fmt: skip
    job = Job(kind="learn", reference=str(folder / "reference.parquet"), roles=roles)
    contract = learn_contract(job).contract
    for number in range(1, WEEKS + 1):
        week = batches.week(spec, world, trained, CALENDAR, number)
        path = folder / "batch.parquet"
        week.requests.to_parquet(path, index=False)
        if week.broken_file:
            path.write_bytes(path.read_bytes()[:1000])
        start = CALENDAR.window(number)
        yield week, judge_data(
            Job(
                kind="data", spec=check, contract=contract, batch=str(path),
                reference=str(folder / "reference.parquet"), window_start=start,
                window_end=start + timedelta(days=7), roles=roles,
                importance=trained.importance,
            )
        )  # fmt: skip


def _alerts(results: list[Result], when: dict[str, int]) -> list[tuple[str, int]]:
    """Return the alerts that the verdicts open: what and in which window."""
    looks: list[Look] = []
    opened: dict[Condition, Point] = {}
    ended: dict[Condition, Point] = {}
    found = []
    for number, result in enumerate(results, start=1):
        crossed = frozenset(one.segment for one in result.readings if one.crossed)
        looks.append(Look(number, CALENDAR.window(number), result.state, crossed))
        judged = judge(looks, open_since=opened, ended=ended, when=When(**when))
        point = Point(looks[-1].start, number)
        for condition in judged.resolves:
            del opened[condition]
            ended[condition] = point
        for opening in judged.opens:
            opened[opening.condition] = point
            found.append((opening.condition.name, number))
    return found


def _count(told: dict[str, Any], alerts: list[tuple[str, int]], counts: Counts) -> None:
    quiet = told["kind"] in QUIET
    first, last = told.get("from_window", 1), told.get("to_window", 0)
    # An alert opens up to two windows after the one that began it (2 of 3).
    right = [what for what, number in alerts if not quiet and first <= number <= last + 2]
    counts.alerts += len(alerts)
    counts.true_alerts += len(right)
    if quiet:
        counts.false_alarms += len(alerts)
        if alerts:
            counts.wrong.append(f"{told['slug']} ({told['kind']}): {alerts}")
        return
    counts.wanted += 1
    counts.found += told["alert_condition"] in right
    if told["alert_condition"] not in right or len(right) < len(alerts):
        counts.wrong.append(f"{told['slug']} ({told['kind']}, from {first}): {alerts}")


def _flagged(reference: pd.DataFrame, current: pd.DataFrame, columns: list[str]) -> int:
    """Count the columns that Evidently's default test calls drifted."""
    flagged = 0
    for name in columns:
        then, now = reference[name].dropna(), current[name].dropna()
        number = pd.api.types.is_numeric_dtype(then) and not pd.api.types.is_bool_dtype(then)
        kind = ColumnType.Numerical if number else ColumnType.Categorical
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            flagged += bool(get_stattest(then, now, kind, None)(then, now, kind, None).drifted)
    return flagged


if __name__ == "__main__":
    print(json.dumps(vars(main(sys.argv[1:]))))
