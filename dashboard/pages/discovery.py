"""The queue of MLflow's models that no one has registered."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard.pages.door import act, number_from, page, pager
from dashboard.queries import imports as read
from dashboard.queries.frame import actor_of, standing
from registry import access, clock, discovery
from registry.access import Right
from registry.problems import Invalid

_FILTERS = ("server", "q", "bu", "older_than_days", "dismissed")


@page
def queue(request: HttpRequest) -> HttpResponse:
    """List the models without a record, oldest first."""
    actor, now, number = actor_of(request), clock.now(), number_from(request, "page")
    given = {name: request.GET.get(name, "").strip()[:100] for name in _FILTERS}
    wrong = ""
    try:
        found = discovery.listed(actor, {k: v for k, v in given.items() if v}, at=now)
    except Invalid as error:
        wrong = "; ".join(fault.detail for fault in error.errors)
        found = discovery.listed(actor, {}, at=now)
    start = (number - 1) * read.PAGE
    rows = list(found.order_by("first_seen_at", "pk")[start : start + read.PAGE + 1])
    context = {
        "rows": [read.shown(row, now=now) for row in rows[: read.PAGE]],
        "waiting": read.waiting(actor),
        "given": given,
        "wrong": wrong,
        "filtered": any(given.values()),
        "servers": [row["server"].slug for row in read.servers(actor)],
        "pages": pager(request, number, len(rows) > read.PAGE),
        "may_import": standing(request).may_register,
        "sees_all": access.can(actor, Right.SEE, None),
    }
    return render(request, "pages/discovery.html", context)


@page
def pick(request: HttpRequest) -> HttpResponse:
    """Carry the ticked models over to the import of their server."""
    actor = actor_of(request)
    ids = ticked(request)
    rows = discovery.known(actor).filter(pk__in=ids)
    by_server: dict[str, list[int]] = {}
    for row in rows.order_by("first_seen_at", "pk"):
        by_server.setdefault(row.server.slug, []).append(row.pk)
    if not by_server:
        messages.error(request, "Tick the models to import first.", "error")
        return HttpResponseRedirect("/discovery/")
    first, *others = by_server
    if others:
        text = f"An import is from one server: these are of {first}; go on with {others[0]} after."
        messages.info(request, text, "late")
    query = urlencode({"id": by_server[first]}, doseq=True)
    return HttpResponseRedirect(f"/import/from/{first}/map/?{query}")


@act
def dismiss(request: HttpRequest, number: int) -> HttpResponse:
    """Say that a model needs no record, or take that back."""
    actor, now = actor_of(request), clock.now()
    source = discovery.find(actor, str(number))
    if "restore" in request.POST:
        discovery.restore(actor, source, at=now)
        messages.success(request, f"{source.name} waits for a record again.", "done")
        return HttpResponseRedirect("/discovery/")
    try:
        discovery.dismiss(actor, source, {"reason": request.POST.get("reason", "")}, at=now)
    except Invalid:
        text = f"Say in at most 500 letters why {source.name} needs no record."
        messages.error(request, text, "error")
    else:
        messages.success(request, f"{source.name} is dismissed.", "done")
    return HttpResponseRedirect("/discovery/")


def ticked(request: HttpRequest) -> list[int]:
    """Return the numbers of the ticked models; nonsense is left out."""
    given = request.POST if request.method == "POST" else request.GET
    texts = given.getlist("id")[: read.PAGE]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
