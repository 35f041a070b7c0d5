"""What the reader may do with a run, and how far what was asked for is."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from dashboard import words
from dashboard.queries import runs
from dashboard.queries.frame import actor_of
from monitoring import files
from monitoring.models import Analysis, Expectation, Reading, Run
from monitoring.states import CROSSINGS, OPEN_STATES
from registry import access, clock
from registry.access import Right

_USUAL = timedelta(days=14)


def choices(request: HttpRequest, found: Run, readings: list[Reading]) -> dict[str, Any]:
    """Return the forms of the page as the reader's rights and the run allow them."""
    actor, check = actor_of(request), found.window.check_ref
    unit, now = check.model.unit, clock.now()
    crossed = [reading for reading in readings if reading.crossed]
    may_act = access.can(actor, Right.ACT_ON_INCIDENTS, unit)
    waits = found.state in OPEN_STATES
    report = _report(found)
    gone, remedy = _gone(found)
    return {
        "again": access.can(actor, Right.EDIT_MONITORING, unit)
        and found.current
        and not waits
        and not gone,
        "gone": f"{gone[0].upper()}{gone[1:]}, so it cannot be judged again: {remedy}."
        if gone
        else "",
        "paused": check.paused,
        "expect": may_act and found.state in CROSSINGS,
        "features": list(dict.fromkeys(reading.feature for reading in crossed)),
        "segments": list(dict.fromkeys(r.segment for r in crossed if r.segment)),
        "until": f"{timezone.localtime(now) + _USUAL:%Y-%m-%d}",
        "expected": [_expected(row, may_act) for row in runs.expected_of(check, at=now)],
        "report": report,
        "may_report": may_act and _comparable(found) and not gone,
        "waits": waits or (report is not None and report["waits"]),
    }


def _gone(found: Run) -> tuple[str, str]:
    if found.batch is None:
        return "", ""
    return files.gone(found.batch), files.remedy(found.batch.source)


def _expected(row: Expectation, may_act: bool) -> dict[str, Any]:
    return {
        "key": row.pk if may_act else None,
        "what": row.feature or "whatever crosses its limit",
        "segment": row.segment,
        "until": words.moment(row.until),
        "by": row.by.name,
        "reason": row.reason,
    }


def _report(found: Run) -> dict[str, Any] | None:
    asked = found.analyses.filter(kind=Analysis.Kind.REPORT).select_related("by").first()
    if asked is None:
        return None
    left_out = asked.result.get("left_out", {})
    return {
        "waits": asked.state == "waiting",
        "by": asked.by.name if asked.by else words.DASH,
        "at": words.moment(asked.requested_at),
        "fault": asked.fault,
        "deleted": words.moment(asked.file_deleted_at) if asked.file_deleted_at else "",
        "size": filesizeformat(asked.size or 0),
        "columns": asked.result.get("columns"),
        "left_out": [f"{name}: {why}" for name, why in left_out.items()],
        "against": asked.result.get("against", ""),
        "methods": " and ".join(dict.fromkeys(asked.result.get("methods", []))),
        "sampled": bool(asked.result.get("sampled")),
    }


def _comparable(found: Run) -> bool:
    held_against = found.baseline_id is not None or "reference_batch" in found.made_with
    return found.batch_id is not None and held_against
