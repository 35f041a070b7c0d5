"""The groups of a fairness run: who was favored how often, and what the figures say of it."""

from itertools import groupby
from typing import Any

from dashboard import words
from monitoring.models import Run
from monitoring.queries.groups import ShownGroup, shown_groups

_METRICS = {
    "impact_ratio": "Impact ratio",
    "selection_difference": "Favored less by",
    "equal_opportunity": "Deserving favored less by",
    "false_positive_ratio": "False positives, ratio",
    "calibration_gap": "Calibration gap",
    "adjusted_gap": "Adjusted pay gap",
}
_MARKS = {
    "ok": (words.OK, "within"),
    "breach": (words.CRITICAL, "beyond"),
    "not_evaluated": (words.NO_DATA, "unknown"),
}


def fairness(run: Run) -> list[dict[str, Any]]:
    """Return one table an attribute; nothing when the run compared no groups."""
    figures = [one for one in run.summary.get("fairness", []) if isinstance(one, dict)]
    if not figures:
        return []
    tables = []
    for attribute, found in groupby(shown_groups(run), key=lambda row: row.attribute):
        own = [one for one in figures if one["attribute"] == attribute]
        metrics = list(dict.fromkeys(one["metric"] for one in own))
        by_group = {(one["group"], one["metric"]): one for one in own}
        tables.append(
            {
                "attribute": attribute,
                "metrics": [_heading(name, own) for name in metrics],
                "rows": [_row(group, metrics, by_group) for group in found],
                "unknown": [one["sentence"] for one in own if not one["group"]],
                "sentences": [one["sentence"] for one in own if one["group"]],
                "hides": int(run.summary.get("min_cell", 0)),
            }
        )
    known = {table["attribute"] for table in tables}
    unseen = {one["attribute"] for one in figures} - known
    return tables + [_without_groups(name, figures) for name in sorted(unseen)]


def _heading(metric: str, figures: list[dict[str, Any]]) -> str:
    """Name a figure with its limit, without which no number says anything."""
    name = _METRICS.get(metric, words.sentence(metric))
    one = next(one for one in figures if one["metric"] == metric)
    if one.get("limit") is None:
        return name
    return f"{name} ({words.bound(one.get('direction', 'max'), one['limit'])})"


def _without_groups(attribute: str, figures: list[dict[str, Any]]) -> dict[str, Any]:
    said = [one["sentence"] for one in figures if one["attribute"] == attribute]
    return {"attribute": attribute, "rows": [], "unknown": list(dict.fromkeys(said))}


def _row(
    group: ShownGroup, metrics: list[str], by_group: dict[tuple[str, str], dict[str, Any]]
) -> dict[str, Any]:
    hidden = "hidden" if group.suppressed else ""
    labeled = [group.tp, group.fp, group.fn, group.tn]
    known = [count for count in labeled if count is not None]
    return {
        "group": group.group,
        "n": hidden or words.number(group.n),
        "selected": hidden or words.number(group.selected),
        "rate": hidden or words.share(group.selection_rate),
        "labeled": hidden or (words.number(sum(known)) if known else words.DASH),
        "figures": [_figure(by_group.get((group.group, name))) for name in metrics],
        "is_reference": any(one["compared_with"] == group.group for one in by_group.values()),
    }


def _figure(one: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a cell; a group without one is what the others are compared with, or left out."""
    if one is None:
        return None
    mark, word = _MARKS[one["state"]]
    interval = ""
    if one["low"] is not None:
        interval = f"{words.number(one['low'])} to {words.number(one['high'])}"
    p = f"p {words.number(one['adjusted_p'], 2)}" if one["adjusted_p"] is not None else ""
    return {
        "mark": mark,
        "word": word,
        "value": words.number(one["value"]) if one["value"] is not None else "",
        "interval": interval,
        "p": p,
    }
