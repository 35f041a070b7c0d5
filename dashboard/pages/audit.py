"""The audit: who changed what, when and why, newest first."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages.door import model_or_404, page
from dashboard.queries.frame import actor_of
from dashboard.queries.incidents import PAGE, audit_events
from dashboard.queries.model import audit_of
from registry import access, chain, checkpoints, clock
from registry.actors import Actor
from registry.models import AuditEvent

# So many of the newest links are proved on each visit: a few milliseconds.
_PROVED = 500
_FILTERS = ("actor", "action", "object", "request")


@page
def audit(request: HttpRequest) -> HttpResponse:
    """List the audit as far as one may see it, or that of one model."""
    filters = {name: request.GET.get(name, "")[:100] for name in _FILTERS}
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
    slug = request.GET.get("model", "")
    if slug:
        rows = audit_of(actor_of(request), model_or_404(request, slug))
        found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    else:
        seen = access.visible_audit(actor_of(request))
        found = audit_events(seen, filters=filters, before=before)
    query = request.GET.copy()
    query["before"] = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
    context = {
        "rows": [_row(event) for event in found[:PAGE]],
        "filters": filters,
        "slug": slug,
        "filtered": any(filters.values()),
        "older": f"?{query.urlencode()}" if len(found) > PAGE else "",
        "proof": None if slug or before or any(filters.values()) else _proof(actor_of(request)),
        "newest": "" if before is None else "/audit/" + (f"?model={slug}" if slug else ""),
    }
    return render(request, "pages/audit.html", context)


def _proof(actor: Actor) -> dict[str, Any]:
    """Say whether the newest events fit the chain and whether the chain is signed."""
    now = clock.now()
    length, _ = chain.head()
    verdict = chain.verify(after=max(0, length - _PROVED))
    standing = checkpoints.standing(at=now)
    forged = verdict.fault is not None or standing.forged
    mark = words.CRITICAL if forged else (words.NO_DATA if standing.fault else words.OK)
    proved = f"the newest {words.number(verdict.links)} events fit the chain"
    said = [verdict.fault.text if verdict.fault else proved]
    said.append(standing.fault or f"signed {words.age(standing.signed_at, now)}")
    if access.can(actor, access.Right.SEE, None):  # the length tells how busy other units are
        said.append(f"{words.number(length)} links")
    return {
        "mark": mark,
        "word": "rewritten" if forged else ("not proved" if standing.fault else "proved"),
        "text": "; ".join(said),
        "tone": "error" if forged else ("late" if standing.fault else "done"),
    }


def _row(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": words.moment(event.at),
        "who": event.actor_label,
        "what": words.sentence(event.action),
        "object": f"{words.thing(event.object_type)} {event.object_label}",
        "request": event.request_id[:8],
        "request_id": event.request_id,
        "reason": event.reason,
        "change": _change(event.before or {}, event.after or {}),
    }


def _change(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Write what changed as a line for each field: what it was, what it became."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        told = [_said(side[name]) for side in (before, after) if name in side]
        # Of a model that another unit took, one learns what it was and not what it became.
        gone = " (was)" if name not in after else ""
        said = " → ".join(told) + gone
        lines.append(f"{words.sentence(name)}: {said}")
    return "\n".join(lines)


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return words.DASH
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
