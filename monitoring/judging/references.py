"""Which rows of the reference a batch is compared with: all, a season, the same kind of time."""

from collections.abc import Mapping
from datetime import timedelta

from monitoring.checks.shapes import DataSpec
from monitoring.checks.words import count
from monitoring.data import moments
from monitoring.data.columns import Column
from monitoring.judging.protocol import Job

# As many weeks as a year nearly has: the same weekday of the same season.
SEASON = timedelta(days=364)
SEASON_ROOM = timedelta(days=10)
MIN_REFERENCE_ROWS = 30
AGAINST = {
    "training": "at training",
    "season": "in the same weeks of last year",
    "window": "in the window it is held against",
    "previous": "in the window before",
}

Columns = Mapping[str, Column]


def chosen(
    job: Job, spec: DataSpec, reference: Columns, current: Columns
) -> tuple[dict[str, Column], str]:
    """Return the rows to compare with, or why there are none."""
    rows: dict[str, Column] = dict(reference)
    if spec.baseline == "season":
        rows, problem = _season(job, rows, spec.time)
        if problem:
            return {}, problem
    if spec.match:
        return _alike(rows, current, spec)
    return rows, ""


def against(spec: DataSpec) -> str:
    """Say in a sentence's words what is compared with."""
    if spec.match:
        return f"{AGAINST[spec.baseline]} at the same {' and '.join(spec.match)}"
    return AGAINST[spec.baseline]


def _season(job: Job, reference: Columns, time: str) -> tuple[dict[str, Column], str]:
    assert job.window_start and job.window_end
    first = job.window_start - SEASON - SEASON_ROOM
    last = job.window_end - SEASON + SEASON_ROOM
    times = reference.get(time)
    if times is None or times.family != "time":
        return {}, f"the reference has no times in {time}, so no season can be chosen"
    micros = [int(moment.timestamp() * 1_000_000) for moment in (first, last)]
    rows = (times.values >= micros[0]) & (times.values < micros[1]) & ~times.missing
    found = int(rows.sum())
    if found < MIN_REFERENCE_ROWS:
        return {}, f"the reference has only {count(found)} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return {name: column.at(rows) for name, column in reference.items()}, ""


def _alike(reference: Columns, current: Columns, spec: DataSpec) -> tuple[dict[str, Column], str]:
    kinds = " and ".join(spec.match)
    for side, columns in (("reference", reference), ("batch", current)):
        times = columns.get(spec.time)
        if times is None or times.family != "time":
            return {}, f"the {side} has no times in {spec.time}, so no {kinds} can be matched"
    rows = moments.alike(reference[spec.time], current[spec.time], list(spec.match))
    found = int(rows.sum())
    if found < MIN_REFERENCE_ROWS:
        return {}, f"the reference has only {count(found)} of the same {kinds}"
    if found == len(rows):
        return dict(reference), ""
    return {name: column.at(rows) for name, column in reference.items()}, ""
