"""The watcher: whether Muster itself is well, for those who run it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages.door import page
from dashboard.queries import watcher as queries
from dashboard.queries.frame import actor_of
from dashboard.queries.watcher import Due, Watcher
from monitoring.invariants import BROKEN
from monitoring.models import Invariant
from registry import access
from registry.access import Right

_SILENT = 3  # so many periods without a heartbeat, and the outside has raised the alarm


@page
def watcher(request: HttpRequest) -> HttpResponse:
    """Show what is due, what must always hold, and what the outside hears."""
    access.require(actor_of(request), Right.MANAGE_PLATFORM, None)
    found = queries.look()
    context = {
        "trouble": queries.trouble(found),
        "beat": _beat(found),
        "dues": [_due(due, found) for due in found.dues],
        "invariants": [_invariant(one, found) for one in found.invariants],
        "ok": words.OK,
    }
    return render(request, "pages/watcher.html", context)


def _beat(found: Watcher) -> dict[str, Any]:
    beat = found.heartbeat
    rung = words.age(beat.rung_at if beat else None, found.at)
    told = {"rung": rung, "withheld": list(beat.withheld) if beat else []}
    if not settings.MUSTER_HEARTBEAT_URL:
        said = "off: nobody outside notices when Muster stops. Set MUSTER_HEARTBEAT_URL."
        return {**told, "mark": words.NO_DATA, "said": said}
    sent = beat.sent_at if beat else None
    every = settings.MUSTER_HEARTBEAT_SECONDS
    silent = sent is None or (found.at - sent).total_seconds() > _SILENT * every
    mark = words.CRITICAL if silent or told["withheld"] else words.OK
    return {**told, "mark": mark, "said": f"sent {words.age(sent, found.at)}, every {every:g} s"}


def _due(due: Due, found: Watcher) -> dict[str, Any]:
    stuck, waits = due.is_stuck(found.at), due.oldest is not None
    return {
        "duty": due.duty,
        "mark": words.CRITICAL if stuck else words.OK,
        "word": "stands still" if stuck else ("at work" if waits else "nothing due"),
        "waits": words.age(due.oldest, found.at) if waits else words.DASH,
        "moved": words.age(due.moved, found.at) if due.moved else words.DASH,
    }


def _invariant(one: Invariant, found: Watcher) -> dict[str, Any]:
    return {
        "name": one.name,
        "mark": words.CRITICAL if one.broken else words.OK,
        "word": f"{BROKEN.get(one.name, one.name)}: {one.broken}" if one.broken else "holds",
        "since": words.age(one.broken_since, found.at) if one.broken_since else "",
        "examples": one.examples,
        "checked": words.age(one.checked_at, found.at),
    }
