"""Say in words what was found: headlines of alerts and incidents, numbers a person can read.

Pure: plain values in, sentences out.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from monitoring.alerts.condition_words import ConditionWords

METHODS = {
    "psi": "PSI",
    "ks": "KS test",
    "wasserstein": "Wasserstein distance",
    "jensenshannon": "Jensen-Shannon distance",
    "chisquare": "chi-square test",
    "impact_ratio": "impact ratio",
    "selection_difference": "difference in selection",
    "equal_opportunity": "difference in opportunity",
    "false_positive_ratio": "ratio of false positives",
    "calibration_gap": "calibration gap",
    "adjusted_gap": "adjusted pay gap",
}


@dataclass(frozen=True)
class Crossing:
    """One number beyond its limit."""

    feature: str
    method: str
    value: float | None
    limit: float | None
    direction: str = "max"
    segment: str = ""
    note: str = ""  # the judge's own sentence: what moved from where to where

    @property
    def excess(self) -> float:
        """How far beyond the limit, relative to it: what "worst first" sorts by."""
        if self.value is None or self.limit is None or not isfinite(self.value):
            return 0.0
        gap = self.value - self.limit if self.direction == "max" else self.limit - self.value
        return gap / (abs(self.limit) or 1.0)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept in an alert's detail; PostgreSQL's JSON knows no NaN."""
        return {
            key: None if isinstance(item, float) and not isfinite(item) else item
            for key, item in asdict(self).items()
        }


def number(value: float | None) -> str:
    """Write a number with three significant digits, never in exponents a reader must decode."""
    if value is None:
        return "no value"
    if not isfinite(value):
        return "not a number"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2e}"


def day(moment: datetime) -> str:
    """Write a day as people do: "18 Nov 2025"."""
    return f"{moment.day} {moment:%b %Y}"


def crossing(found: Crossing) -> str:
    """Write one crossed limit: "PSI of income 0.41 > 0.2"."""
    sign = ">" if found.direction == "max" else "<"
    method = METHODS.get(found.method, found.method)
    # A metric is its own method; "value" is what a limit on a logged metric looks at.
    bare = found.feature in (found.method, "") or found.method == "value"
    name = found.feature if bare else f"{method} of {found.feature}"
    text = f"{name or method} {number(found.value)} {sign} {number(found.limit)}"
    return f"{text} in {found.segment}" if found.segment else text


def headline(
    words: ConditionWords,
    *,
    crossings: Sequence[Crossing] = (),
    bad: int = 1,
    of: int = 1,
    reason: str = "",
) -> str:
    """Say in one line what is wrong; the numbers first, for it becomes the subject of a mail.

    A fault is told by its reason alone: that another column moved as well is not what it is about.
    """
    if crossings and words.judged:
        more = f" and {len(crossings) - 1} more" if len(crossings) > 1 else ""
        text = f"{crossing(crossings[0])}{more}"
    else:
        text = f"{words.label}: {reason}" if reason else words.label
    if of > 1:
        text += f", {bad} of {of} windows"
    return text if len(text) <= 300 else text[:299] + "…"


def incident_title(words: ConditionWords, *, model: str, server: str = "") -> str:
    """Name the case."""
    return f"MLflow server {server} cannot be read" if server else f"{model}: {words.title}"
