"""Answer what happened to models in MLflow: alerts that open, and that end when it is undone.

The registry writes ModelEvent rows and knows nothing of alerts. Each event that matters is
answered once (EventAnswer); the answer, the alert, its owed messages and the health of the model
are one transaction.
"""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from monitoring import health
from monitoring.alerts import cases, episodes, event_words, flapping, owing, wording
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
    _KIND.MODEL_MADE_ANEW: event_words.REMADE,
}
_MOVES = (event_words.CHAMPION_MOVED, event_words.CHAMPION_REMOVED)
CONDITIONS = frozenset({*_MOVES, *_OPENS.values()})
_GONE = frozenset({event_words.MISSING, event_words.REMADE})
_RETURNS = (_KIND.MODEL_RETURNED, _KIND.MODEL_RENAMED, _KIND.MODEL_RETIED)
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
        if event.at < max(model.created_at, event.source_model.tied_at or model.created_at):
            return 1  # It happened before the record or its tie; whoever made that knew.
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
        return _alias_moved(event, is_open)
    if event.kind in _OPENS:
        known = {(alert.condition, alert.segment) for alert in is_open}
        opens = _OPENS[event.kind]
        # That another bears its name says more than that it is missing.
        lost = {alert.pk for alert in is_open if alert.condition == event_words.MISSING}
        ends = lost if opens == event_words.REMADE else frozenset()
        if (opens, segment) in known:
            return _Answer(ends=ends)
        return _Answer(opens=opens, segment=segment, ends=ends)
    is_back = event.kind in _RETURNS
    over = {_OPENS[kind] for kind in event.detail.get("over", []) if kind in _OPENS}
    ended = _GONE if is_back else over
    return _Answer(ends={a.pk for a in is_open if a.condition in ended and a.segment == segment})


def _alias_moved(event: ModelEvent, is_open: Sequence[Alert]) -> _Answer:
    """A champion that moved was moved outside: Muster itself moves no alias.

    Back where it was before an open alert undoes that move and those after it; but a version of
    a model that was made anew is another one than that of the same number before.
    """
    detail = event.detail
    if detail.get("alias") != queries.CHAMPION:
        return _Answer()
    moves = [alert for alert in is_open if alert.condition in _MOVES]
    same = [alert for alert in moves if _is_of(alert, event)]
    for place, alert in enumerate(same):
        if alert.detail.get("from") == detail.get("to"):
            return _Answer(ends={undone.pk for undone in same[place:]})
    to = detail.get("to")
    if detail.get("from") is None:
        return _Answer()  # The first champion the model ever had.
    opens = event_words.CHAMPION_MOVED if to is not None else event_words.CHAMPION_REMOVED
    segment = f"v{to}" if to is not None else ""
    # At most one alert of a condition and segment is open: the newest says how it is.
    stale = {alert.pk for alert in moves if (alert.condition, alert.segment) == (opens, segment)}
    return _Answer(opens=opens, segment=segment, ends=stale)


def _is_of(alert: Alert, event: ModelEvent) -> bool:
    """Say whether the alert is about the same model in MLflow as the event."""
    if alert.detail.get("anew") or event.detail.get("anew"):
        return False
    return bool(alert.detail.get("source", event.source_model_id) == event.source_model_id)


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
        detail={
            **event.detail,
            "event": event.pk,
            "source": event.source_model_id,
            "muted_by": None,
        },
        opened_at=at,
        since=event.at,
        flapping=flapping.is_flapping(
            at,
            model_id=model.pk,
            check_id=None,
            condition=answer.opens,
            segment=answer.segment,
        ),
    )
    owing.owe_firing(alert, at=at)
