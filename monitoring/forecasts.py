"""How many false alarms a data check would have a week, before it is saved, and how many it had."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from monitoring import baselines
from monitoring.alerts.forecast import alerts_a_window
from monitoring.alerts.judgement import When
from monitoring.baselines import NoReference
from monitoring.checks.shapes import DataSpec
from monitoring.judging import client
from monitoring.judging.protocol import Job
from monitoring.models import Alert, Analysis, Check
from monitoring.queries.runs import usual_rows
from monitoring.specs import stored_check
from monitoring.states import CloseVerdict
from registry.models import RegisteredModel
from registry.queries import champion

# Before so much time has passed, what a check had says little.
ENOUGH = timedelta(weeks=4)
_SECONDS = 60.0
_WEEK = timedelta(weeks=1)


class CannotForecast(Exception):
    """There is nothing to draw windows from."""


@dataclass(frozen=True)
class Had:
    """The alerts of a check that people closed as false alarms, and over how many weeks."""

    false_alarms: int
    weeks: float


def make(found: Analysis, *, at: datetime) -> dict[str, Any]:
    """Have windows drawn from the model's reference, and count the alerts they would open."""
    spec = stored_check(Check.Kind.DATA, found.body["spec"])
    assert isinstance(spec, DataSpec)
    version = champion(found.model)
    roles = baselines.roles(found.model, version)
    try:
        baseline = baselines.ensure(found.model, version, at=at)
        contract = baselines.contract_for(found.model, baseline, roles, at=at)
    except NoReference as error:
        raise CannotForecast(f"Nothing can be forecast without a reference: {error}.") from error
    check = found.model.checks.filter(slug=found.body["check"]).first()
    job = Job(
        kind="forecast",
        seconds=_SECONDS,
        spec=found.body["spec"],
        contract=contract.spec,
        reference=str(baselines.path_of(baseline)),
        roles=roles,
        usual_rows=usual_rows(check, before=at) if check else None,
    )
    result = client.judge(job, socket=str(settings.MUSTER_JUDGE_SOCKET))
    if result.state != "forecast":
        raise CannotForecast(f"Nothing can be forecast: {result.reason}.")
    return _figures(spec, result.summary) | {"made_with": result.made_with}


def _figures(spec: DataSpec, summary: dict[str, Any]) -> dict[str, Any]:
    looks = summary.pop("looks")
    crossing = sum(bool(look) for look in looks)
    when = When(spec.when.bad, spec.when.of, spec.when.good)
    alerts = alerts_a_window(looks, when)
    return {
        **summary,
        "false_alarms_a_week": round(alerts * 7 / spec.every_days, 4),
        "crossing_share": round(crossing / len(looks), 4),
        # None seen in 200 windows is not never: the upper end of a 95 % interval (Wilson).
        "crossing_share_at_most": round(_upper(crossing, len(looks)), 4),
        "left_out": [look.method for look in spec.multivariate],
    }


def _upper(found: int, tries: int, z: float = 1.96) -> float:
    share, part = found / tries, z * z / tries
    room = z * math.sqrt(share * (1 - share) / tries + part / (4 * tries))
    return (share + part / 2 + room) / (1 + part)


def had(model: RegisteredModel, slug: str, *, at: datetime) -> Had | None:
    """Return how many false alarms the check had, once it has run for four weeks."""
    check = Check.objects.filter(model=model, slug=slug).first()
    first = check.windows.order_by("start").first() if check else None
    if check is None or first is None or at - first.end < ENOUGH:
        return None
    alarms = Alert.objects.filter(check_ref=check, incident__verdict=CloseVerdict.FALSE_ALARM)
    return Had(alarms.count(), round((at - first.end) / _WEEK, 1))
