"""Make Evidently's full report on a window that was judged, with the check's own methods."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import Column, load_all
from monitoring.integrations import evidently
from monitoring.judging import references
from monitoring.judging.looks import texts, versions
from monitoring.judging.protocol import Job, Result

ROW_CAP = 50_000  # of each side; more would only make the report slower
_FEWEST = 10
_MOST_CATEGORIES = 50
# Evidently's own total variation is a permutation test that takes minutes: the report shows the
# distance next to it in meaning, and says so.
_INSTEAD = {"total_variation": "jensenshannon"}


def make_report(job: Job) -> Result:
    """Return the report as `document`; "not_evaluated" with a reason when nothing compares.

    Only columns that both sides hold in the same form are in it: one bad column would otherwise
    break the whole report. Which were left out, and why, is in the summary.
    """
    spec = DataSpec.model_validate(job.spec, strict=False)
    contract = ContractSpec.model_validate(job.contract, strict=False)
    wanted = {name for name in contract.columns if name not in job.roles.leave_out}
    read = {*wanted, spec.time}
    strings = texts(contract, wanted)
    try:
        current = readers.read(
            job.batch, kind=job.batch_format, columns=read, row_cap=ROW_CAP, strings=strings
        )
        reference = readers.read(
            job.reference, kind=job.reference_format, columns=read, row_cap=ROW_CAP, strings=strings
        )
    except readers.Unreadable as error:
        return Result("not_evaluated", str(error))
    now = load_all(current.table, time=spec.time)
    then, problem = references.chosen(job, spec, load_all(reference.table, time=spec.time), now)
    if problem:
        return Result("not_evaluated", problem)
    left_out = {name: why for name in sorted(wanted) if (why := _unfit(name, then, now))}
    names = [name for name in contract.columns if name in wanted and name not in left_out]
    if not names:
        reason = "No column can be compared: the batch and the reference share none of one type"
        return Result("not_evaluated", reason)
    document = evidently.report(
        _frame(then, names),
        _frame(now, names),
        numeric=[name for name in names if then[name].numeric],
        categorical=[name for name in names if not then[name].numeric],
        methods=(_drawn_by(spec.numeric.method), _drawn_by(spec.categorical.method)),
        limits=(spec.numeric.limit, spec.categorical.limit),
    )
    return Result(
        "made",
        rows=current.rows,
        document=document,
        summary={
            "columns": len(names),
            "left_out": left_out,
            "against": references.against(spec),
            "methods": [_drawn_by(one.method) for one in (spec.numeric, spec.categorical)],
            "rows": {"current": _rows(now, names), "reference": _rows(then, names)},
            "sampled": current.sampled or reference.sampled,
        },
        made_with={**versions(), "row_cap": ROW_CAP, "seed": readers.SEED},
    )


def _drawn_by(method: str) -> str:
    return _INSTEAD.get(method, method)


def _rows(columns: Mapping[str, Column], names: list[str]) -> int:
    return len(columns[names[0]].values)


def _unfit(name: str, then: Mapping[str, Column], now: Mapping[str, Column]) -> str:
    """Say why a column cannot be in the report, or ''."""
    if name not in now or name not in then:
        return "missing in the batch" if name not in now else "missing in the reference"
    if not (then[name].scorable and now[name].scorable):
        return "neither numbers nor categories"
    if then[name].numeric != now[name].numeric:
        return "of another type than in the reference"
    if min(len(then[name].present()), len(now[name].present())) < _FEWEST:
        return "too few values"
    many = max(len(then[name].labels), len(now[name].labels)) > _MOST_CATEGORIES
    return "too many categories" if many else ""


def _frame(columns: Mapping[str, Column], names: list[str]) -> Any:
    return pd.DataFrame({name: _series(columns[name]) for name in names})


def _series(column: Column) -> Any:
    if column.numeric:
        return np.where(np.isfinite(column.values), column.values, np.nan)
    return np.array([*column.labels, None], dtype=object)[column.values]
