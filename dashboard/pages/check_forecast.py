"""The false alarms to expect of a data check, beside the form that makes or changes it."""

from datetime import datetime
from typing import Any

from dashboard import words
from monitoring import analyses, forecasts
from monitoring.models import Analysis
from registry.actors import Actor
from registry.models import RegisteredModel

_NAMED = 3
_WAITING = "A worker draws windows from the reference and judges them. Press the button again soon."


def ask(
    actor: Actor, model: RegisteredModel, name: str, spec: dict[str, Any], *, at: datetime
) -> dict[str, Any]:
    """Ask for a forecast of what the form holds, and return how far it is; nothing is saved."""
    found, _ = analyses.request_forecast(actor, model, name, spec=spec, at=at)
    return shown(found, at=at)


def newest(model: RegisteredModel, name: str, *, at: datetime) -> dict[str, Any] | None:
    """Return the newest forecast of a check, if anybody asked for one."""
    try:
        return shown(analyses.forecast_of(model, name), at=at)
    except Analysis.DoesNotExist:
        return None


def shown(found: Analysis, *, at: datetime) -> dict[str, Any]:
    """Return the sentences of a forecast."""
    if found.state == "failed":
        return {"asked": words.moment(found.requested_at), "lines": [found.fault]}
    lines = [_WAITING] if found.state == "waiting" else _figures(found.result)
    had = forecasts.had(found.model, str(found.body["check"]), at=at)
    if had is not None:
        alarms = f"{had.false_alarms} alert{'s' * (had.false_alarms != 1)}"
        lines.append(f"In {had.weeks:g} weeks it had {alarms} that were closed as false alarms.")
    return {"asked": words.moment(found.requested_at), "lines": lines}


def _figures(result: dict[str, Any]) -> list[str]:
    weekly = float(result["false_alarms_a_week"])
    often = f"about {words.number(weekly)} a week"
    if weekly < 1:
        often = f"about one in {1 / weekly:,.0f} weeks" if weekly > 0.001 else "practically none"
    rows, windows = result["rows"], result["windows"]
    share, most = words.share(result["crossing_share"]), result["crossing_share_at_most"]
    lines = [
        f"False alarms to expect: {often}.",
        f"Of {windows:,} windows of {rows:,} rows that only chance had moved, {share} crossed a"
        f" limit (at most {words.share(most)}, with 95 % certainty).",
    ]
    named = [f"{one['feature']} ({words.share(one['share'])})" for one in result["by_column"]]
    if named:
        lines.append(f"Most often: {', '.join(named[:_NAMED])}.")
    if result["left_out"]:
        lines.append(f"Not in it: {', '.join(result['left_out'])}, and what seasons do.")
    return lines
