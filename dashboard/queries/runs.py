"""What the run page reads."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from monitoring import expectations
from monitoring.models import Alert, Check, Expectation, Histogram, Reading, Run
from policies.models import Decision
from registry.models import RegisteredModel

TREND = 30


def run_of(model: RegisteredModel, number: int) -> Run:
    """Return a run of the model or raise DoesNotExist."""
    return Run.objects.select_related(
        *("window__check_ref", "check_version", "contract_version", "baseline"),
        *("batch__source", "model_version"),
    ).get(pk=number, window__check_ref__model=model)


def readings_of(run: Run) -> list[Reading]:
    """Return every number of the run."""
    return list(Reading.objects.filter(run=run).order_by("feature", "segment", "method"))


def histograms_of(run: Run, features: list[str]) -> dict[str, Histogram]:
    """Return the stored histograms of some columns over all rows."""
    found = Histogram.objects.filter(run=run, segment="", feature__in=features)
    return {histogram.feature: histogram for histogram in found}


def trends_of(run: Run) -> dict[tuple[str, str], list[float | None]]:
    """Return the latest values of each column and method, up to this run's window."""
    runs = list(
        Run.objects.filter(
            window__check_ref=run.window.check_ref,
            window__start__lte=run.window.start,
            current=True,
        )
        .order_by("-window__start")
        .values_list("pk", flat=True)[:TREND]
    )
    place = {pk: TREND - 1 - index for index, pk in enumerate(runs)}
    found: dict[tuple[str, str], list[float | None]] = defaultdict(lambda: [None] * TREND)
    values = Reading.objects.filter(run_id__in=runs, segment="")
    for pk, feature, method, value in values.values_list("run_id", "feature", "method", "value"):
        found[feature, method][place[pk]] = value
    shortest = TREND - len(runs)
    return {key: values[shortest:] for key, values in found.items()}


def neighbors_of(run: Run) -> dict[str, int | None]:
    """Return the current runs of the windows before and after."""
    runs: QuerySet[Any, int] = (
        Run.objects.filter(window__check_ref=run.window.check_ref, current=True)
        .order_by("window__start")
        .values_list("pk", flat=True)
    )
    start = run.window.start
    return {
        "previous": runs.filter(window__start__lt=start).last(),
        "next": runs.filter(window__start__gt=start).first(),
    }


def revisions_of(run: Run) -> list[Run]:
    """Return the other judgements of the same window, newest first."""
    return list(Run.objects.filter(window=run.window).exclude(pk=run.pk).order_by("-revision"))


def alerts_of(run: Run) -> list[Alert]:
    """Return the alerts this run's check has, newest first, as far as they belong to the run."""
    return list(
        Alert.objects.filter(check_ref=run.window.check_ref, since__lt=run.window.end)
        .filter(latest_run__window__start__gte=run.window.start)
        .select_related("incident")
        .order_by("-opened_at")[:5]
    )


def expected_of(check: Check, *, at: datetime) -> list[Expectation]:
    """Return what somebody said is expected of a check's results now."""
    return list(expectations.in_force(check, at=at))


def decision_after(run: Run) -> Decision | None:
    """Return what the policy decided after this run, if it did."""
    return run.decisions.select_related("policy_version__policy").order_by("-at").first()
