"""The readings of a run as rows: columns ranked by score over limit, and the segments."""

import math
from typing import Any

from dashboard import charts, words
from monitoring.models import Reading

_NAMES = {
    "psi": "PSI",
    "ks": "KS",
    "wasserstein": "Wasserstein",
    "jensenshannon": "Jensen-Shannon",
    "chisquare": "chi-square",
    "hellinger": "Hellinger",
    "total_variation": "total variation",
    "mmd": "MMD",
    "domain_classifier": "domain classifier",
}


def ranked(
    readings: list[Reading],
    trends: dict[tuple[str, str], list[float | None]],
    importance: dict[str, Any],
) -> list[dict[str, Any]]:
    """Return the readings over all rows, what touches the model most first.

    How far a score is beyond its limit counts as much as the model minds the column; where the
    training run logged no importance, all columns count alike.
    """
    whole = [reading for reading in readings if not reading.segment]
    whole.sort(key=lambda r: (not r.crossed, -_ratio(r) * _weight(r, importance), r.feature))
    return [_row(reading, trends, importance) for reading in whole]


def segments(readings: list[Reading]) -> list[dict[str, Any]]:
    """Return the readings of segments, worst first, at most one a segment and column."""
    parts = [reading for reading in readings if reading.segment]
    parts.sort(key=lambda r: (not r.crossed, -_ratio(r), r.segment, r.feature))
    return [{**_row(reading, {}, {}), "segment": reading.segment} for reading in parts[:40]]


def explanations(summary: dict[str, Any]) -> list[str]:
    """Say which segments hold the change of a column, the largest part first."""
    return [
        f"{words.share(part['share'])} of the change of {part['feature']} lies in"
        f" {str(part['column']).removeprefix('@')} = {part['value']}"
        for part in summary.get("explained_by", [])
    ]


def _row(
    reading: Reading, trends: dict[tuple[str, str], list[float | None]], importance: dict[str, Any]
) -> dict[str, Any]:
    trend = trends.get((reading.feature, reading.method), [])
    share = reading.weight if reading.weight is not None else importance.get(reading.feature)
    sign = {"max": "at most", "min": "at least"}.get(reading.direction, "")
    unscored = reading.value is None
    return {
        "feature": reading.feature,
        "method": _NAMES.get(reading.method, words.sentence(reading.method)),
        "value": words.number(reading.value),
        "limit": f"{sign} {words.number(reading.limit)}" if reading.limit is not None else "",
        "crossed": reading.crossed,
        "mark": words.NO_DATA if unscored else (words.WATCH if reading.crossed else words.OK),
        "word": "no score" if unscored else ("beyond" if reading.crossed else "within"),
        "importance": words.share(share) if isinstance(share, int | float) else "",
        "trend": charts.trend(trend, limit=reading.limit, direction=reading.direction),
        "trend_said": ", ".join(words.number(value) for value in trend),
        "effect": words.number(reading.effect) if reading.effect is not None else "",
        "p": words.number(reading.p_value) if reading.p_value is not None else "",
        "n": words.number(reading.n_current) if reading.n_current is not None else "",
        "note": reading.note,
    }


def _weight(reading: Reading, importance: dict[str, Any]) -> float:
    if reading.weight is not None:
        return reading.weight
    share = importance.get(reading.feature)
    if isinstance(share, int | float) and share >= 0:
        return float(share)
    return 0.0 if importance else 1.0


def _ratio(reading: Reading) -> float:
    """Return how far a value is towards its limit; above one is beyond it."""
    value, limit = reading.value, reading.limit
    if value is None or limit is None or math.isnan(value):
        return 0.0
    if reading.direction == "min":
        return limit / value if value > 0 else math.inf
    return value / limit if limit > 0 else value
