"""The model page's history as rows: windows by check, and series as charts."""

from collections import defaultdict
from typing import Any

from dashboard import charts, words
from dashboard.queries.history import WINDOWS, metric_points
from monitoring.models import Check, CheckVersion
from registry.models import MetricPoint, ModelVersion, RegisteredModel

_SERIES = 8


def windows(
    model: RegisteredModel, checks: list[Check], by_check: dict[int, list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return a table of checks by windows, each cell a link to the run."""
    starts = sorted({row["start"] for rows in by_check.values() for row in rows})[-WINDOWS:]
    table = []
    for check in checks:
        mine = {row["start"]: row for row in by_check.get(check.pk, [])}
        cells = [_cell(model, mine[start]) if start in mine else None for start in starts]
        table.append({"slug": check.slug, "kind": check.get_kind_display(), "cells": cells})
    return {"starts": [start.strftime("%-d %b") for start in starts], "checks": table}


def _cell(model: RegisteredModel, row: dict[str, Any]) -> dict[str, Any]:
    mark = words.run(row["run__state"])
    said = f"{words.window(row['start'], row['end'])}: {mark.word}"
    reason = row["run__reason"] or ""
    if row["run__pk"] is None:
        reason = f"due {words.moment(row['due_at'])}"
    href = f"/m/{model.slug}/runs/{row['run__pk']}/" if row["run__pk"] else ""
    return {"mark": mark, "said": f"{said}. {reason}" if reason else said, "href": href}


def performance(readings: list[dict[str, Any]]) -> list[charts.Chart]:
    """Draw each performance metric window by window, with its limit."""
    by_metric: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for reading in readings:
        by_metric[reading["feature"], reading["method"]].append(reading)
    drawn = []
    for index, ((feature, method), rows) in enumerate(sorted(by_metric.items())[:_SERIES]):
        points = [
            (
                row["run__window__start"].timestamp(),
                words.day(row["run__window__start"]),
                row["value"],
            )
            for row in rows
        ]
        title = f"{feature or method} by window"
        newest = rows[-1]
        drawn.append(
            charts.series(
                *(f"perf{index}", title, points),
                limit=newest["limit"],
                direction=newest["direction"],
            )
        )
    return drawn


def metrics(champion: ModelVersion, specs: dict[int, CheckVersion]) -> list[charts.Chart]:
    """Draw the series that the champion's run logged in MLflow."""
    limits = {spec.spec["metric"]: spec.spec for spec in specs.values() if "metric" in spec.spec}
    found = metric_points(champion)
    # Metrics that a check limits come first; the rest by name.
    keys = sorted(found, key=lambda key: (key not in limits, key))[:_SERIES]
    return [
        charts.series(
            *(f"metric{index}", key, _points(found[key])),
            limit=limits.get(key, {}).get("limit"),
            direction=limits.get(key, {}).get("direction", ""),
        )
        for index, key in enumerate(keys)
    ]


def _points(series: list[MetricPoint]) -> list[tuple[float, str, float | None]]:
    # A training run logs all steps within seconds; then the step is what one reads.
    steps = {point.step for point in series}
    if len(steps) == len(series) and (series[-1].at - series[0].at).total_seconds() < 3_600:
        return [(point.step, f"step {point.step}", point.number) for point in series]
    return [(p.at.timestamp(), words.moment(p.at), p.number) for p in series]
