"""Answer what happened to models in MLflow: alerts that open, and that end when it is undone.

The registry writes ModelEvent rows and knows nothing of alerts. Each event that matters is
answered once (EventAnswer); the answer, the alert, its owed messages and the health of the model
are one transaction.
"""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from monitoring import health
from monitoring.alerts import cases, episodes, event_words, owing, wording
from monitoring.alerts.condition_words import words_of
from monitoring.models import Alert
from monitoring.states import AlertState
from registry import queries
from registry.models import EventAnswer, ModelEvent, RegisteredModel

CONSUMER = "alerts"
_KIND = ModelEvent.Kind
_OPENS: Mapping[str, str] = {
    _KIND.ARTIFACT_CHANGED: event_words.FILES_CHANGED,
    _KIND.RUN_DELETED: event_words.RUN_DELETED,
    _KIND.LOGGED_MODEL_DELETED: event_words.LOGGED_MODEL_DELETED,
    _KIND.MODEL_MISSING: event_words.MISSING,
}
_MOVES = (event_words.CHAMPION_MOVED, event_words.CHAMPION_REMOVED)
CONDITIONS = frozenset({*_MOVES, *_OPENS.values()})
_RETURNS = (_KIND.MODEL_RETURNED, _KIND.MODEL_RENAMED)
_WATCHED = [_KIND.ALIAS_MOVED, _KIND.INTEGRITY_RESTORED, *_RETURNS, *_OPENS]
_PAGE = 200


@dataclass(frozen=True)
class _Answer:
    """What follows from one event: a condition that opens, and alerts that end."""

    opens: str = ""
    segment: str = ""
    ends: Set[int] = frozenset()  # numbers of open alerts


def answer_due(*, at: datetime, seconds: float) -> int:
    """Answer the events nobody has answered yet, in their order; return how many."""
    deadline = time.monotonic() + seconds
    done = 0
    while pks := list(unanswered().order_by("pk").values_list("pk", flat=True)[:_PAGE]):
        for pk in pks:
            if time.monotonic() > deadline:
                return done
            done += _answer(pk, at=at)
    return done


def unanswered() -> QuerySet[ModelEvent]:
    """Return the events that matter and that nobody has answered yet.

    An event of a model that has no record concerns nobody so far: it waits for a record.
    """
    answered = EventAnswer.objects.filter(event=OuterRef("pk"), consumer=CONSUMER)
    return ModelEvent.objects.filter(
        ~Exists(answered), kind__in=_WATCHED, source_model__registered_model__isnull=False
    )


def _answer(pk: int, *, at: datetime) -> int:
    with transaction.atomic():
        event = ModelEvent.objects.select_related("source_model__registered_model").get(pk=pk)
        assert event.source_model is not None
        model = event.source_model.registered_model
        if model is None:
            return 0
        episodes.lock_model(model.pk)
        if EventAnswer.objects.filter(event=event, consumer=CONSUMER).exists():
            return 0  # Another worker was faster; it held the lock until now.
        EventAnswer.objects.create(event=event, consumer=CONSUMER, at=at)
        if event.at < model.created_at:
            return 1  # It happened before the record; whoever registered it knew.
        model = RegisteredModel.objects.select_related("unit", "owner", "deputy").get(pk=model.pk)
        if _apply(event, model, at=at):
            health.recompute(model, at=at)
        return 1


def _apply(event: ModelEvent, model: RegisteredModel, *, at: datetime) -> bool:
    mine = Alert.objects.filter(model=model, check_ref=None).exclude(state=AlertState.RESOLVED)
    is_open = list(mine.select_related("incident").order_by("pk"))
    answer = _follows(event, is_open)
    ending = [alert for alert in is_open if alert.pk in answer.ends]
    touched = {alert.incident_id for alert in ending}
    cases.lock(touched)
    for alert in ending:
        alert.state, alert.resolved_at = AlertState.RESOLVED, at
        alert.save(update_fields=["state", "resolved_at"])
        owing.owe_resolved(alert, at=at)
    cases.settle(touched, at=at)
    if answer.opens:
        _open(event, model, answer, at=at)
    return bool(answer.opens or ending)


def _follows(event: ModelEvent, is_open: Sequence[Alert]) -> _Answer:
    """Decide what an event means, given the alerts of this kind that are open."""
    number = event.detail.get("number")
    segment = f"v{number}" if number is not None else ""
    if event.kind == _KIND.ALIAS_MOVED:
        return _alias_moved(event.detail, is_open)
    if event.kind in _OPENS:
        known = {(alert.condition, alert.segment) for alert in is_open}
        opens = _OPENS[event.kind]
        return _Answer() if (opens, segment) in known else _Answer(opens=opens, segment=segment)
    is_back = event.kind in _RETURNS
    over = {_OPENS[kind] for kind in event.detail.get("over", []) if kind in _OPENS}
    ended = {event_words.MISSING} if is_back else over
    return _Answer(ends={a.pk for a in is_open if a.condition in ended and a.segment == segment})


def _alias_moved(detail: Mapping[str, Any], is_open: Sequence[Alert]) -> _Answer:
    """A champion that moved was moved outside: Muster itself moves no alias.

    Back where it was before an open alert undoes that move and those after it.
    """
    if detail.get("alias") != queries.CHAMPION:
        return _Answer()
    moves = [alert for alert in is_open if alert.condition in _MOVES]
    for place, alert in enumerate(moves):
        if alert.detail.get("from") == detail.get("to"):
            return _Answer(ends={undone.pk for undone in moves[place:]})
    to = detail.get("to")
    if detail.get("from") is None:
        return _Answer()  # The first champion the model ever had.
    if to is None:
        return _Answer(opens=event_words.CHAMPION_REMOVED)
    return _Answer(opens=event_words.CHAMPION_MOVED, segment=f"v{to}")


def _open(event: ModelEvent, model: RegisteredModel, answer: _Answer, *, at: datetime) -> None:
    words = words_of(answer.opens, kind="")
    incident = cases.join(
        f"model:{model.pk}:{answer.opens}",
        title=wording.incident_title(words, model=model.slug),
        severity=words.severity,
        at=at,
    )
    alert = Alert.objects.create(
        dedup_key=f"event-{event.pk}:{answer.opens}",
        model=model,
        condition=answer.opens,
        segment=answer.segment,
        severity=words.severity,
        incident=incident,
        headline=event_words.headline(answer.opens, event.detail)[:400],
        # No broken feed explains it, so nothing mutes it.
        detail={**event.detail, "event": event.pk, "muted_by": None},
        opened_at=at,
        since=event.at,
    )
    owing.owe_firing(alert, at=at)
