"""Which stored files nothing needs any more.

A file's time begins anew whenever it is judged, and when the window that it is for is due. Kept
beyond it is what an open incident is about, what somebody expects, the window that a check is
compared with, and the latest windows of each source.
"""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from monitoring import files
from monitoring.models import (
    Alert,
    Analysis,
    Batch,
    Check,
    CheckVersion,
    Expectation,
    LabelSet,
    Run,
    Window,
)
from monitoring.states import CROSSINGS, OPEN_STATES, IncidentState

# Of each source so many windows stay, however old: a check may compare with those before it.
LATEST_WINDOWS = 10


def old_batches(*, at: datetime, before: datetime | None) -> QuerySet[Batch]:
    """Return the batches whose files may go now, the oldest first."""
    if before is None:
        return Batch.objects.none()
    rows = Batch.objects.filter(_stored(), landed_at__lt=before, file_deleted_at=None)
    used = Run.objects.filter(batch=OuterRef("pk"))
    rows = rows.exclude(Exists(used.filter(Q(finished_at__gte=before) | Q(state__in=OPEN_STATES))))
    rows = rows.exclude(Exists(_awaited(before)))
    rows = rows.exclude(Exists(_in_question(OuterRef("source__model"), OuterRef("window_start"))))
    rows = rows.exclude(Exists(_expected(used, at)))
    for model, start in _compared_with():
        rows = rows.exclude(source__model=model, window_start=start)
    return rows.filter(_replaced() | Q(window_start__lt=_latest())).order_by("landed_at", "pk")


def _stored() -> Q:
    found = Q()
    for folder in map(files.folder, files.FOLDERS):
        found |= Q(path__startswith=f"{folder}/")
    return found


def _awaited(before: datetime) -> QuerySet[Window]:
    """Return the windows that are due, perhaps by late labels, only now or lately."""
    return Window.objects.filter(
        check_ref__model=OuterRef("source__model"),
        start=OuterRef("window_start"),
        due_at__gte=before,
    )


def _in_question(model: OuterRef, start: OuterRef) -> QuerySet[Alert]:
    """Return the alerts of open incidents that began with this window or before it."""
    unsettled = Alert.objects.exclude(incident__state=IncidentState.CLOSED)
    return unsettled.filter(model=model, since__lte=start)


def _expected(used: QuerySet[Run], at: datetime) -> QuerySet[Run]:
    """Return the runs that show what somebody has said is expected until a day to come."""
    said = Expectation.objects.filter(ended_at=None, until__gt=at)
    return used.filter(
        state__in=CROSSINGS, window__check_ref__in=said.values("check_ref"), current=True
    )


def _compared_with() -> list[tuple[int, datetime]]:
    """Return the windows that checks in force are held against, by model."""
    newest = CheckVersion.objects.filter(check_ref=OuterRef("pk")).order_by("-number")
    checks = Check.objects.annotate(named=Subquery(newest.values("spec__baseline_window")[:1]))
    rows = checks.filter(named__isnull=False).values_list("model_id", "named")
    return [(model, datetime.fromisoformat(start)) for model, start in rows if start]


def _latest() -> Subquery:
    """Return the start of the last of a source's latest windows; null where it has fewer."""
    starts = Batch.objects.filter(source=OuterRef("source")).order_by("-window_start")
    return Subquery(starts.values("window_start").distinct()[LATEST_WINDOWS - 1 : LATEST_WINDOWS])


def _replaced() -> Exists:
    """Say whether other content has come for the same window since."""
    later = Q(landed_at__gt=OuterRef("landed_at"))
    later |= Q(landed_at=OuterRef("landed_at"), pk__gt=OuterRef("pk"))
    same = Batch.objects.filter(source=OuterRef("source"), window_start=OuterRef("window_start"))
    return Exists(same.filter(later))


def old_label_sets(*, before: datetime | None) -> QuerySet[LabelSet]:
    """Return the labels whose files may go now: no batch is left that they may label."""
    if before is None:
        return LabelSet.objects.none()
    of_window = Q(window_start=OuterRef("window_start"))
    of_any = Q(window_start__lt=OuterRef("landed_at"))
    here = Batch.objects.filter(source=OuterRef("source"), file_deleted_at=None)
    rows = LabelSet.objects.filter(_stored(), landed_at__lt=before, file_deleted_at=None)
    named = rows.filter(~Exists(here.filter(of_window)), window_start__isnull=False)
    nameless = rows.filter(~Exists(here.filter(of_any)), window_start=None)
    return (named | nameless).order_by("landed_at", "pk")


def old_reports(*, before: datetime | None) -> QuerySet[Analysis]:
    """Return the reports whose documents may go now; each can be made anew from its batch."""
    if before is None:
        return Analysis.objects.none()
    rows = Analysis.objects.filter(finished_at__lt=before, file_deleted_at=None).exclude(path="")
    asked = _in_question(OuterRef("model"), OuterRef("run__window__start"))
    return rows.exclude(Exists(asked)).order_by(F("finished_at"), "pk")
