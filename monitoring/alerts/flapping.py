"""Notice conditions that keep coming and going."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.alerts import stages
from monitoring.models import Alert, Run


def is_flapping(
    opening: datetime, *, model_id: int, check_id: int | None, condition: str, segment: str
) -> bool:
    """Say whether a condition that opens now has changed too often in the week before.

    What counts is when the windows were: a backlog that is judged in an hour is no flapping.
    """
    earlier = (
        Alert.objects.filter(
            model=model_id, check_ref=check_id, condition=condition, segment=segment
        )
        .select_related("opened_by_run__window", "latest_run__window")
        .order_by("-pk")[: stages.CHANGES]
    )
    return stages.flaps(opening, _changes(earlier))


def _changes(alerts: Iterable[Alert]) -> list[datetime]:
    found: list[datetime] = []
    for alert in alerts:
        found.append(_moment(alert.opened_by_run, alert.opened_at))
        if alert.resolved_at is not None:
            found.append(_moment(alert.latest_run, alert.resolved_at))
    return found


def _moment(run: Run | None, written: datetime) -> datetime:
    return run.window.end if run is not None else written
