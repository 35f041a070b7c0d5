"""Say how often a data check would alert if nothing had changed, by resampling its reference.

Both sides of a comparison are drawn anew, with replacement, each as long as it would be: so the
scores vary as they would between two samples of one unchanging population. What a season or a
weekday does is not in it.
"""

from collections import Counter
from typing import Any

import numpy as np

from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import SCORED, Column, load_all
from monitoring.judging.protocol import Job, Result
from monitoring.judging.references import SEASON_ROOM
from monitoring.judging.scoring import Scorer

MIN_ROWS = 100
_MOST_ROWS = 50_000
_WINDOWS = 200
_FEWEST_WINDOWS = 40
_CELLS = 3e8  # to look at in all; what is larger gets fewer windows
_USUAL = 1_000
_NAMED = 10
_DAY = 86_400_000_000


def forecast_alarms(job: Job) -> Result:
    """Return, of windows that only chance moved, which crossed a limit and where."""
    spec = DataSpec.model_validate(job.spec, strict=False)
    contract = ContractSpec.model_validate(job.contract, strict=False)
    wanted = {*contract.columns, *spec.segments, spec.time} - {job.roles.label}
    try:
        table = readers.read(job.reference, columns=wanted - {*job.roles.leave_out}).table
    except readers.Unreadable as error:
        return Result("not_evaluated", str(error))
    columns = load_all(table, time=spec.time)
    names = [
        name
        for name, rules in contract.columns.items()
        if rules.family in SCORED and name in columns and columns[name].scorable
        and name not in (spec.time, job.roles.label)
    ]  # fmt: skip
    total = table.num_rows
    if not names or total < MIN_ROWS:
        return Result("not_evaluated", f"the reference has too little to draw from: {total:,} rows")
    # A window of fewer rows breaks its contract, and nothing of it alerts as drift.
    usual = max(spec.min_rows, job.usual_rows or _rows_of_a_window(spec, columns, total))
    rows = int(min(usual, _MOST_ROWS))
    then = _reference_rows(spec, rows, total)
    windows = int(min(_WINDOWS, max(_FEWEST_WINDOWS, _CELLS / ((rows + then) * len(names)))))
    looks, by_column = _drawn(spec, columns, names, rows, then, windows)
    return Result(
        "forecast",
        rows=rows,
        summary={
            "windows": windows,
            "rows": rows,
            "reference_rows": then,
            "looks": looks,
            "by_column": [
                {"feature": name, "share": round(count / windows, 4)}
                for name, count in by_column.most_common(_NAMED)
            ],
        },
        made_with={"seed": readers.SEED, "numpy": np.__version__},
    )


def _drawn(
    spec: DataSpec,
    columns: dict[str, Column],
    names: list[str],
    rows: int,
    then: int,
    windows: int,
) -> tuple[list[list[str]], Counter[str]]:
    luck = np.random.default_rng(readers.SEED)
    total = len(columns[names[0]].values)
    looks: list[list[str]] = []
    by_column: Counter[str] = Counter()
    for _ in range(windows):
        first, second = luck.integers(total, size=then), luck.integers(total, size=rows)
        reference = {name: column.at(first) for name, column in columns.items()}
        current = {name: column.at(second) for name, column in columns.items()}
        scorer = Scorer(spec, reference, current, "", draws=False)
        crossed = [one for one in scorer.run(names).readings if one.crossed]
        looks.append(sorted({one.segment for one in crossed}))
        by_column.update({one.feature for one in crossed})
    return looks, by_column


def _reference_rows(spec: DataSpec, rows: int, total: int) -> int:
    if spec.baseline in ("window", "previous"):
        return rows
    if spec.baseline == "season":
        days = spec.every_days + 2 * SEASON_ROOM.days
        return min(total, _MOST_ROWS, rows * days // spec.every_days)
    return min(total, _MOST_ROWS)


def _rows_of_a_window(spec: DataSpec, columns: dict[str, Column], total: int) -> float:
    """Guess the length of a window from the times of the reference, where it has any."""
    times: Any = columns.get(spec.time)
    if times is not None and times.family == "time" and (~times.missing).any():
        known = times.values[~times.missing]
        days = (int(known.max()) - int(known.min())) / _DAY
        if days >= spec.every_days:
            return max(float(MIN_ROWS), total * spec.every_days / days)
    return float(min(_USUAL, total))
