"""The history of a model: changes of its record, alias moves, versions and what MLflow showed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render

from dashboard import words
from dashboard.pages import moment
from dashboard.pages.door import model_or_404, page
from dashboard.pages.model_then import who
from dashboard.queries import timeline as read
from dashboard.queries.frame import actor_of
from registry import clock, history
from registry.models import AliasEvent, ModelEvent, ModelRevision, ModelVersion


@page
def timeline(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what happened to the model, newest first, with a way to any day of it."""
    found = model_or_404(request, slug)
    if found.slug != slug:
        return HttpResponsePermanentRedirect(f"/m/{found.slug}/history/")
    place = _place(request.GET.get("before", ""))
    entries = read.entries(actor_of(request), found, before=place)
    shown, more = entries[: read.PAGE], len(entries) > read.PAGE
    context = {
        "model": found,
        "rows": [_SAY[entry.place.kind](entry.row) | _stamp(entry) for entry in shown],
        "older": f"?before={_text(shown[-1].place)}" if more else "",
        "newest": f"/m/{found.slug}/history/" if place else "",
        "today": words.date_input(clock.now()),
    }
    return render(request, "pages/timeline.html", context)


def _stamp(entry: read.Entry) -> dict[str, str]:
    at = entry.place.at
    return {"at": words.moment(at), "then": moment.address(at)}


def _text(place: read.Place) -> str:
    return f"{moment.address(place.at)}~{place.kind}~{place.pk}"


def _place(text: str) -> read.Place | None:
    """Read a place from the address; nonsense is the top."""
    at, _, rest = text[:80].partition("~")
    kind, _, pk = rest.partition("~")
    try:
        found = read.Place(datetime.fromisoformat(at), int(kind), int(pk))
    except ValueError:
        return None
    fits = found.at.tzinfo is not None and 0 <= found.kind <= read.RECORD
    return found if fits and 0 < found.pk < 2**63 else None


def _record(row: ModelRevision) -> dict[str, Any]:
    changes = history.changes(row)
    what = "Registered" if row.number == 1 else "Record changed"
    if changes is None:
        what = "Came from another unit; what it was before is not yours to see"
    return {
        "kind": "Record",
        "what": what,
        "changes": [_change(change) for change in changes or []],
        "who": row.by.name if row.by else "Muster",
        "reason": row.reason,
    }


def _change(change: history.Change) -> dict[str, str]:
    before, after = change.before, change.after
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
        before, after = ({k: side[k] for k in keys if k in side} for side in (before, after))
    name = words.sentence(change.field)
    return {"field": name, "before": words.plain(before), "after": words.plain(after)}


def _alias(row: AliasEvent) -> dict[str, Any]:
    start, end = row.from_number, row.to_number
    if start is None:
        what = f"{row.alias} now points to version {end}"
    elif end is None:
        what = f"{row.alias} was taken from version {start}"
    else:
        what = f"{row.alias} moved from version {start} to version {end}"
    return {"kind": "Alias", "what": what, "who": who(row)}


def _version(row: ModelVersion) -> dict[str, Any]:
    made = words.moment(row.created_at)
    run = f", run {row.run_id[:8]}" if row.run_id else ""
    what = f"Version {row.number} was seen in MLflow, made {made}{run}"
    return {"kind": "Version", "what": what}


def _event(row: ModelEvent) -> dict[str, Any]:
    of = f", version {row.version.number}" if row.version else ""
    names = {key: row.detail.get(key) for key in ("from", "to")}
    renamed = f": {names['from']} is {names['to']} now" if row.kind == "model_renamed" else ""
    return {"kind": "MLflow", "what": f"{row.get_kind_display()}{of}{renamed}"}


_SAY: dict[int, Callable[[Any], dict[str, Any]]] = {
    read.RECORD: _record,
    read.ALIAS: _alias,
    read.VERSION: _version,
    read.EVENT: _event,
}
