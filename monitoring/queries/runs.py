"""Runs and their numbers, as the API and the pages show them."""

import statistics
from datetime import datetime

from django.db.models import F, QuerySet

from monitoring.models import Batch, Check, Run, Source
from monitoring.states import RunState
from registry import access
from registry.actors import Actor
from registry.models import RegisteredModel

_USUAL_OVER = 8
_FEWEST_FOR_USUAL = 3


def runs_of(model: RegisteredModel) -> QuerySet[Run]:
    """Return the current runs of a model's checks, with `window_start` to order by."""
    rows = Run.objects.filter(window__check_ref__model=model, current=True)
    return rows.select_related("window__check_ref").annotate(window_start=F("window__start"))


def find_run(actor: Actor, pk: int) -> Run:
    """Return a run of a model that the actor may see, or raise DoesNotExist."""
    visible = access.visible_models(actor)
    return Run.objects.select_related(
        "window__check_ref__model", "check_version", "contract_version", "baseline", "batch"
    ).get(pk=pk, window__check_ref__model__in=visible)


def usual_rows(check: Check, *, before: datetime) -> float | None:
    """Return how many rows the check's sound batches lately had, once there are a few."""
    counts = list(
        Run.objects.filter(
            window__check_ref=check,
            window__start__lt=before,
            current=True,
            state__in=[RunState.OK, RunState.DRIFT],
            rows__isnull=False,
        )
        .order_by("-window__start")
        .values_list("rows", flat=True)[:_USUAL_OVER]
    )
    if len(counts) < _FEWEST_FOR_USUAL:
        return None
    return float(statistics.median(count for count in counts if count is not None))


def newest_batch(source: Source, start: datetime) -> Batch | None:
    """Return the batch of a window that landed last."""
    return source.batches.filter(window_start=start).order_by("landed_at", "pk").last()


def batch_before(check: Check, source: Source, start: datetime) -> Batch | None:
    """Return the batch of the nearest earlier window that the check did not find broken."""
    broken = Run.objects.filter(
        window__check_ref=check,
        current=True,
        state__in=[RunState.DATA_FAULT, RunState.SOURCE_FAULT],
        batch__isnull=False,
    )
    here = source.batches.filter(file_deleted_at=None)
    earlier = here.filter(window_start__lt=start).exclude(pk__in=broken.values("batch"))
    return earlier.order_by("-window_start", "-landed_at", "-pk").first()
