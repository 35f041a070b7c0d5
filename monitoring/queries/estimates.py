"""What was expected of each window before its labels came, beside what came, and how far off."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from monitoring.models import Check, Reading, Window
from monitoring.states import Stage
from registry.models import RegisteredModel

WINDOWS = 60
_LATEST = 13  # so many compared windows make the past error


@dataclass(frozen=True)
class Estimate:
    """One metric of one window; `realized` is None until enough labels have come."""

    check: str
    window_start: datetime
    window_end: datetime
    metric: str
    estimate: float
    n: int | None
    limit: float | None
    direction: str
    realized: float | None = None
    run: int | None = None
    # The mean distance of earlier estimates of this metric from what came, over so many windows.
    past_error: float | None = None
    compared_windows: int = 0
    # The same on stretches of the reference; all there is before labels have come once.
    reference_error: float | None = None

    @property
    def error(self) -> float | None:
        """Return how far off it was, once that is known."""
        return None if self.realized is None else abs(self.estimate - self.realized)


def estimates_of(model: RegisteredModel) -> list[Estimate]:
    """Return the estimates of a model's windows, the newest window first."""
    checks = Check.objects.filter(model=model, kind=Check.Kind.PERFORMANCE)
    found = [*_judged(checks), *_waiting(checks)]
    found.sort(key=lambda one: (one.window_start, one.check, one.metric))
    return list(reversed(_with_past(found)))


def _judged(checks: QuerySet[Check]) -> list[Estimate]:
    """Return the estimates that runs keep, with the value that the labels gave."""
    stages = [Stage.ESTIMATE, Stage.PERFORMANCE]
    rows = (
        Reading.objects.filter(
            run__window__check_ref__in=checks, run__current=True, segment="", stage__in=stages
        )
        .select_related("run__window__check_ref")
        .order_by("-run__window__start")[: WINDOWS * 40]
    )
    pairs: dict[tuple[int, str], dict[str, Reading]] = defaultdict(dict)
    for row in rows:
        pairs[row.run_id, row.feature][row.stage] = row
    found = []
    for pair in pairs.values():
        said, came = pair.get(Stage.ESTIMATE), pair.get(Stage.PERFORMANCE)
        if said is None or came is None or said.value is None:
            continue
        window = said.run.window
        found.append(
            Estimate(
                check=window.check_ref.slug,
                window_start=window.start,
                window_end=window.end,
                metric=said.feature,
                estimate=said.value,
                n=said.n_current,
                limit=came.limit,
                direction=came.direction,
                realized=came.value,
                run=said.run_id,
                reference_error=_reference_error(said.run.summary.get("estimate"), said.feature),
            )
        )
    return found


def _reference_error(kept: object, metric: str) -> float | None:
    metrics = kept.get("metrics", []) if isinstance(kept, dict) else []
    return next((one["reference_error"] for one in metrics if one["name"] == metric), None)


def _waiting(checks: QuerySet[Check]) -> list[Estimate]:
    """Return the estimates of windows that have no verdict yet."""
    windows = (
        Window.objects.filter(check_ref__in=checks, estimate__has_key="metrics")
        .exclude(runs__current=True)
        .select_related("check_ref")
        .order_by("-start")[:WINDOWS]
    )
    return [
        Estimate(
            check=window.check_ref.slug,
            window_start=window.start,
            window_end=window.end,
            metric=one["name"],
            estimate=one["value"],
            n=one["n"],
            limit=one["limit"],
            direction=one["direction"],
            reference_error=one["reference_error"],
        )
        for window in windows
        for one in window.estimate["metrics"]
    ]


def _with_past(found: list[Estimate]) -> list[Estimate]:
    """Say with each estimate how far off the earlier ones were; they come oldest first."""
    errors: dict[tuple[str, str], list[float]] = defaultdict(list)
    told = []
    for one in found:
        past = errors[one.check, one.metric][-_LATEST:]
        mean = sum(past) / len(past) if past else None
        told.append(replace(one, past_error=mean, compared_windows=len(past)))
        if one.error is not None:
            errors[one.check, one.metric].append(one.error)
    return told
