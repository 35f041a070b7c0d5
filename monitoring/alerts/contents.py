"""Compose the content of a message from the news in it, once: event, facts and letter.

What is composed is stored before anything is handed over, so that every attempt says the same.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings

from monitoring.alerts import digests, stories
from monitoring.alerts.digests import Line
from monitoring.alerts.message import Letter
from monitoring.models import Delivery, Message
from monitoring.states import IncidentState, News

logger = logging.getLogger(__name__)

# Of more alerts than this machines are told the numbers only.
FULL_FACTS = 50


class NothingToTell(Exception):
    """The alerts that the message was about are gone."""


def compose(message: Message, *, at: datetime) -> dict[str, Any]:
    """Return the content of a message as it is stored."""
    news = list(
        Delivery.objects.filter(message=message)
        .select_related(
            "channel__person",
            "channel__unit",
            "alert__model__unit",
            "alert__model__owner",
            "alert__model__deputy",
            "alert__check_ref",
            "alert__acknowledged_by",
            "alert__incident__closed_by",
            "alert__opened_by_run__window",
        )
        .order_by("alert", "sequence")
    )
    if not news:
        raise NothingToTell(NothingToTell.__doc__)
    by_alert: dict[int, list[Delivery]] = {}
    for one in news:
        by_alert.setdefault(one.alert_id, []).append(one)
    told = list(by_alert.values())
    letter = (
        _digest(message, told, at=at) if message.kind == Message.Kind.DIGEST else _news(told, at=at)
    )
    facts = [
        stories.facts(
            found[0].alert, kinds=[one.kind for one in found], brief=len(told) > FULL_FACTS
        )
        for found in told
    ]
    return {"event": _event(news), "facts": facts, "letter": asdict(letter)}


def letter_of(content: dict[str, Any]) -> Letter:
    """Return the stored letter."""
    given = content["letter"]
    return Letter(
        **{
            **given,
            "parts": tuple((label, tuple(lines)) for label, lines in given["parts"]),
            "footer": tuple(given["footer"]),
            "links": tuple((label, url) for label, url in given.get("links", [])),
        }
    )


def _news(told: Sequence[list[Delivery]], *, at: datetime) -> Letter:
    lines = {found[0].alert_id: _line(found) for found in told}
    # The worst is told in full; were it impossible to put into words, the next one is.
    worst_first = sorted(told, key=lambda found: lines[found[0].alert_id].rank)
    for found in worst_first:
        try:
            return digests.compose_news(stories.tell(found[-1]), list(lines.values()))
        except Exception:
            if len(told) == 1:
                raise
            logger.exception("Unable to tell of alert %s in full", found[0].alert_id)
    return _digest_of(told, at=at, folded=False)


def _digest(message: Message, told: Sequence[list[Delivery]], *, at: datetime) -> Letter:
    return _digest_of(told, at=at, folded=any(not found[0].held for found in told))


def _digest_of(told: Sequence[list[Delivery]], *, at: datetime, folded: bool) -> Letter:
    channel = told[0][0].channel
    roles = {stories.role(found[0].alert, channel) for found in told[:20]}
    return digests.compose_digest(
        [_line(found) for found in told],
        at=at,
        url=f"{settings.MUSTER_PUBLIC_URL}/incidents/",
        role=" and ".join(sorted(roles)[:2]),
        time_zone=channel.person.time_zone if channel.person else "UTC",
        folded=folded,
    )


def _line(found: Sequence[Delivery]) -> Line:
    held = next((one.held for one in found if one.held), "")
    return stories.line(found[0].alert, kinds=[one.kind for one in found], held=held)


def _event(news: Sequence[Delivery]) -> str:
    """Say what happened to the incident (of a digest: to any of them)."""
    kinds = {one.kind for one in news}
    is_over = {one.alert_id for one in news if one.kind == News.RESOLVED} == {
        one.alert_id for one in news
    }
    closed = all(one.alert.incident.state == IncidentState.CLOSED for one in news)
    if is_over and closed:
        return News.RESOLVED.value
    for kind in (News.FIRING, News.ESCALATED, News.REMINDER, News.ACKNOWLEDGED):
        if kind in kinds:
            return kind.value
    # Something of the incident is over, and something of it is not.
    return News.FIRING.value
