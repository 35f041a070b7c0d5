"""What earlier cases suggest about a new one: how people closed those that looked like it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet

from monitoring.models import Alert, Incident
from monitoring.states import CloseVerdict, IncidentState
from registry.models import RegisteredModel

_LOOK_BACK = timedelta(days=730)
_MOST = 50


@dataclass(frozen=True)
class Suggestion:
    """The verdict most of the earlier cases got, out of how many, and the newest one's cause."""

    verdict: CloseVerdict
    count: int
    of: int
    newest: Incident
    same_cause: bool  # else only the same kind of trouble in the same unit


def suggest(incident: Incident, seen: QuerySet[RegisteredModel]) -> Suggestion | None:
    """Return what people concluded of cases like this, or None when there are none or they differ.

    Cases of the very same cause count; without any, those in which the same kinds of conditions
    opened for models of the same units. What ended by itself has taught nobody anything.
    """
    told = (
        Incident.objects.filter(
            state=IncidentState.CLOSED,
            closed_by__isnull=False,
            closed_at__gte=incident.opened_at - _LOOK_BACK,
            alerts__model__in=seen.values("pk"),
        )
        .exclude(pk=incident.pk)
        .exclude(verdict__in=("", CloseVerdict.RECOVERED))
        .distinct()
        .order_by("-closed_at")
    )
    if same := list(told.filter(cause=incident.cause)[:_MOST]):
        return _of(same, same_cause=True)
    mine = Alert.objects.filter(incident=incident, model__in=seen.values("pk"))
    alike = told.filter(
        alerts__condition__in=mine.values("condition"),
        alerts__model__unit__in=mine.values("model__unit"),
    )
    return _of(list(alike[:_MOST]), same_cause=False)


def _of(cases: list[Incident], *, same_cause: bool) -> Suggestion | None:
    if not cases:
        return None
    [(verdict, count)] = Counter(case.verdict for case in cases).most_common(1)
    if 2 * count <= len(cases):
        return None  # no more than half of them agree: it would be a guess
    newest = next(case for case in cases if case.verdict == verdict)
    return Suggestion(CloseVerdict(verdict), count, len(cases), newest, same_cause)
