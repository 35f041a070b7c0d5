"""The three rungs of a run: each is looked at only when the one before holds."""

from datetime import datetime
from typing import Any

from dashboard import words
from monitoring.models import Check, Reading, Run
from monitoring.states import RunState
from policies.models.releases import Result

_NOT_LOOKED = (
    RunState.QUEUED,
    RunState.RUNNING,
    RunState.SOURCE_FAULT,
    RunState.MISSED,
    RunState.FAILED,
    RunState.NOT_EVALUATED,
)
_OK, _BAD, _SKIPPED = words.OK, words.CRITICAL, words.NO_DATA


def ladder(run: Run, readings: list[Reading]) -> list[dict[str, Any]]:
    """Return monitor, contract and scores, each with a mark, a sentence and its details."""
    return [_monitor(run), _contract(run), _scores(run, readings)]


def _monitor(run: Run) -> dict[str, Any]:
    bad = run.state in (RunState.SOURCE_FAULT, RunState.MISSED, RunState.FAILED)
    mark = _BAD if bad else (words.run(run.state) if run.finished_at is None else _OK)
    lines = []
    if run.batch:
        name = run.batch.path.rsplit("/", 1)[-1]
        landed = words.moment(run.batch.landed_at)
        lines.append(f"{name}, {words.size(run.batch.size)}, landed {landed}")
    if run.rows is not None:
        lines.append(f"{run.rows:,} rows read")
    if run.completeness is not None:
        lines.append(f"{words.share(run.completeness)} of the rows have a label{_more(run)}")
    of_metric = run.window.check_ref.kind == Check.Kind.METRIC
    what = "MLflow was read" if of_metric else "the batch was there"
    said = f"The monitor ran and {what}."
    if run.finished_at is None:
        said = "The run has not finished yet."
    elif bad:
        said = run.reason or "There was nothing to look at."
    return {"title": "1 Monitor: is it sound?", "mark": mark, "said": said, "lines": lines}


def _more(run: Run) -> str:
    """Say whether more labels were still to be expected when the run was judged."""
    maturity = run.summary.get("maturity") or {}
    if not maturity or maturity["mature"] or maturity["completeness"] >= 1:
        return ""
    expected = datetime.fromisoformat(maturity["expected_by"])
    return f"; more were expected until {words.moment(expected)}"


def _contract(run: Run) -> dict[str, Any]:
    title = "2 Contract: are the data as agreed?"
    kind = run.window.check_ref.kind
    if kind not in (Check.Kind.DATA, Check.Kind.SKEW):
        said = "The data check of the same window judges that."
        if kind == Check.Kind.METRIC:
            said = "A metric that MLflow holds has no contract."
        return {
            "title": title,
            "mark": words.RESULTS[Result.NOT_APPLICABLE],
            "said": said,
            "lines": [],
        }
    lines = [_violation(item) for item in run.summary.get("violations", [])]
    notes = [str(note) for note in run.summary.get("notes", [])]
    if lines or run.state == RunState.DATA_FAULT:
        said = run.reason if not lines else f"{len(lines)} thing{'s' * (len(lines) > 1)} not agreed"
        return {"title": title, "mark": _BAD, "said": said, "lines": lines + notes}
    if run.state in _NOT_LOOKED:
        said = run.reason if run.state == RunState.NOT_EVALUATED else "Not looked at."
        return {"title": title, "mark": _SKIPPED, "said": said, "lines": notes}
    return {"title": title, "mark": _OK, "said": "The data are as agreed.", "lines": notes}


def _scores(run: Run, readings: list[Reading]) -> dict[str, Any]:
    title = "3 Scores: has the model's world changed?"
    kind = run.window.check_ref.kind
    whole = [reading for reading in readings if not reading.segment]
    parts = sum(reading.crossed for reading in readings if reading.segment)
    if kind == Check.Kind.FAIRNESS:
        # Each figure is one group's; there is none over all rows.
        title, whole, parts = "3 Groups: are they treated alike?", readings, 0
    over = sum(reading.crossed for reading in whole)
    if not whole or (run.state in _NOT_LOOKED and not over):
        said = "Not judged: the rung before does not hold." if run.finished_at else "Not yet."
        return {"title": title, "mark": _SKIPPED, "said": said, "lines": []}
    mark = words.run(run.state) if run.state in (RunState.DRIFT, RunState.BREACH) else _OK
    if run.state == RunState.DATA_FAULT:
        mark = _SKIPPED
    lines = [str(_text(item)) for item in run.summary.get("worst", [])[:5]]
    if kind != Check.Kind.DATA:
        lines = [str(note) for note in run.summary.get("notes", [])[:10]] or lines
    said = f"{over} of {len(whole)} beyond their limit"
    if parts:
        said += f", {parts} more in segments"
    return {"title": title, "mark": mark, "said": said + ".", "lines": lines}


def _violation(item: Any) -> str:
    return str(item.get("detail") or item) if isinstance(item, dict) else str(item)


def _text(item: Any) -> str:
    if isinstance(item, dict):
        for key in ("sentence", "note", "detail"):
            if item.get(key):
                return str(item[key])
        return " ".join(words.number(value) for value in item.values())
    return str(item)
