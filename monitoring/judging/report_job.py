"""Make Evidently's full report on a window that was judged, with the check's own methods."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitoring.checks.shapes import ContractSpec, DataSpec
from monitoring.data import readers
from monitoring.data.columns import Column, load
from monitoring.integrations import evidently
from monitoring.judging.protocol import Job, Result

ROW_CAP = 50_000  # of each side; more would only make the report slower
_FEWEST = 10
_MOST_CATEGORIES = 50
# Evidently's own names, where ours differ.
_NAMES = {"total_variation": "TVD"}


def make_report(job: Job) -> Result:
    """Return the report as `document`; "not_evaluated" with a reason when nothing compares.

    Only columns that both sides hold in the same form are in it: one bad column would otherwise
    break the whole report. Which were left out, and why, is in the summary.
    """
    spec = DataSpec.model_validate(job.spec, strict=False)
    contract = ContractSpec.model_validate(job.contract, strict=False)
    wanted = {name for name in contract.columns if name not in job.roles.leave_out}
    try:
        current = readers.read(
            job.batch, kind=job.batch_format, columns=wanted, row_cap=ROW_CAP,
            strings=[n for n in wanted if contract.columns[n].family in ("category", "text")],
        )  # fmt: skip
        reference = readers.read(job.reference, columns=wanted, row_cap=ROW_CAP)
    except readers.Unreadable as error:
        return Result("not_evaluated", str(error))
    now, then = _load(current), _load(reference)
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
        methods=(_name(spec.numeric.method), _name(spec.categorical.method)),
        limits=(spec.numeric.limit, spec.categorical.limit),
    )
    return Result(
        "made",
        rows=current.rows,
        document=document,
        summary={
            "columns": len(names),
            "left_out": left_out,
            "rows": {"current": current.table.num_rows, "reference": reference.table.num_rows},
            "sampled": current.sampled or reference.sampled,
        },
        made_with={**evidently.versions(), "row_cap": ROW_CAP, "seed": readers.SEED},
    )


def _name(method: str) -> str:
    return _NAMES.get(method, method)


def _load(frame: readers.Frame) -> dict[str, Column]:
    return {name: load(frame.table[name]) for name in frame.table.column_names}


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
