"""Plan: make the windows that have ended, and the runs that what has landed asks for."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from monitoring import health
from monitoring.leases import Stint
from monitoring.models import Check, Window
from monitoring.planning import HORIZON, Plan
from monitoring.queries.checks import current_version
from monitoring.specs import CheckSpec, stored_check
from registry.models.models import Lifecycle

logger = logging.getLogger(__name__)

_MOST_NEW_WINDOWS = 500
# A check that cannot be planned is tried again after this; the others must not wait for it.
_AFTER_AN_ERROR = timedelta(minutes=5)
_SOONEST = timedelta(seconds=5)
_LATEST = timedelta(days=1)


def plan_due(*, at: datetime, seconds: float) -> int:
    """Plan the checks that are due; return how many were looked at."""
    stint, done = Stint(at=at, seconds=seconds), set[int]()
    while not stint.over and (pk := _plan_next(done, at=stint.at)):
        done.add(pk)
    return len(done)


def _plan_next(done: set[int], *, at: datetime) -> int | None:
    with transaction.atomic():
        due = Check.objects.filter(paused=False, next_plan_at__lte=at).exclude(pk__in=done)
        check = (
            due.exclude(model__lifecycle=Lifecycle.DECOMMISSIONED)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("model")
            .order_by("next_plan_at")
            .first()
        )
        if check is None:
            return None
        try:
            with transaction.atomic():
                plan(check, at=at)
        except Exception:
            # The oldest is taken first: left due, a poisoned check would stop all planning.
            logger.exception("Unable to plan check %s; it is tried again later", check.pk)
            Check.objects.filter(pk=check.pk).update(next_plan_at=at + _AFTER_AN_ERROR)
        return check.pk


def plan(check: Check, *, at: datetime) -> None:
    """Bring one check's windows and runs up to date. The caller holds the check's row."""
    version = current_version(check)
    spec = stored_check(check.kind, version.spec)
    _add_windows(check, spec, at=at)
    plan = Plan(check, version, spec, at)
    plan.make()
    if plan.recorded:
        health.recompute(check.model, at=at)
    wake = min([check.next_window_start + timedelta(days=spec.every_days), *plan.look_again])
    check.next_plan_at = min(max(wake, at + _SOONEST), at + _LATEST)
    check.save(update_fields=["next_window_start", "next_plan_at"])


def _add_windows(check: Check, spec: CheckSpec, *, at: datetime) -> None:
    """Make a row for each window that has ended, and move the cursor past it."""
    period = timedelta(days=spec.every_days)
    made: list[Window] = []
    # What is further back is not looked at any more, so it is not promised either.
    if (behind := at - HORIZON - check.next_window_start) > timedelta(0):
        check.next_window_start += period * -(-behind // period)
    while check.next_window_start + period <= at and len(made) < _MOST_NEW_WINDOWS:
        end = check.next_window_start + period
        due = end + timedelta(hours=spec.grace_hours, days=_label_delay(spec))
        made.append(Window(check_ref=check, start=check.next_window_start, end=end, due_at=due))
        check.next_window_start = end
    Window.objects.bulk_create(made, ignore_conflicts=True)


def _label_delay(spec: CheckSpec) -> int:
    if getattr(spec, "needs_labels", False):
        return int(getattr(spec, "label_delay_days", 0))
    return 0
