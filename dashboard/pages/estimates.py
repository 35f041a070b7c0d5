"""Estimates as rows of a table: never with a mark, for an estimate is no verdict."""

from collections.abc import Iterable
from typing import Any

from dashboard import words
from monitoring.models import CheckVersion, Run
from monitoring.queries.estimates import Estimate, estimates_of
from registry.models import RegisteredModel

_SHOWN = 12


def newest(model: RegisteredModel, specs: Iterable[CheckVersion]) -> list[dict[str, Any]]:
    """Return the newest estimates of a model, realized or not; none where no check wants any."""
    if all(version.spec.get("estimate", "none") == "none" for version in specs):
        return []
    return [_row(one, model) for one in estimates_of(model)[:_SHOWN]]


def of_run(run: Run) -> list[dict[str, Any]]:
    """Return what was expected of a run's window, beside what came."""
    if "estimate" not in run.summary:
        return []
    model = run.window.check_ref.model
    return [_row(one, model) for one in estimates_of(model) if one.run == run.pk]


def _row(one: Estimate, model: RegisteredModel) -> dict[str, Any]:
    windows = f"{one.compared_windows} window{'s' * (one.compared_windows != 1)}"
    past = f"± {words.number(one.past_error)} over {windows}" if one.past_error is not None else ""
    if not past and one.reference_error is not None:
        past = f"± {words.number(one.reference_error)} on the reference"
    return {
        "window": words.window(one.window_start, one.window_end),
        "href": f"/m/{model.slug}/runs/{one.run}/" if one.run else "",
        "metric": one.metric,
        "estimate": words.number(one.estimate),
        "realized": words.number(one.realized) if one.realized is not None else "labels to come",
        "error": words.number(one.error) if one.error is not None else words.DASH,
        "past": past or "not known yet",
        "limit": words.bound(one.direction, one.limit) if one.limit is not None else "",
    }
