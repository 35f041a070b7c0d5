"""Give a source a batch or labels by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from rest_framework.exceptions import APIException

from dashboard import forms
from dashboard.pages.door import form_page, model_or_404
from dashboard.queries.frame import actor_of
from dashboard.shapes import models as shapes
from monitoring import uploads
from monitoring.data.landing import format_of
from monitoring.incoming import Incoming
from monitoring.models import Source
from registry import access, clock
from registry.access import Right
from registry.problems import Invalid, invalid


@form_page
def upload(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Take one file for a window."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MONITORING, model.unit)
    source = model.sources.get(name=name)
    groups, error = shapes.upload(), None
    values: dict[str, Any] = {"kind": "batch"}
    if request.method == "POST":
        given = forms.read(groups, request.POST)
        values = given.values
        try:
            news = _take(request, source, given.body)
        except Invalid as raised:
            error = forms.moved(raised, {"/name": "/window"})
        except APIException as raised:
            fix = "send a smaller file, or let it land in a folder or store"
            error = invalid("/", "refused", str(raised.detail), fix)
        else:
            said = "The file is here and is judged as soon as its window is due."
            messages.success(request, said if news else "These very bytes were here already.")
            return HttpResponseRedirect(f"/m/{model.slug}/")
    context = {
        "title": f"Upload to {source.name} of {model.name}",
        "model": model,
        "name": source.name,
        "form": forms.show(groups, values, error),
        "back": f"/m/{model.slug}/",
        "takes_files": source.kind == Source.Kind.UPLOAD,
        "kind": source.get_kind_display().lower(),
    }
    return render(request, "pages/upload.html", context, status=400 if error else 200)


def _take(request: HttpRequest, source: Source, given: dict[str, Any]) -> bool:
    actor, at, window = actor_of(request), clock.now(), str(given.get("window", ""))
    file = request.FILES.get("file")
    if file is None:
        raise invalid("/", "required", "there is no file", "choose one")
    called = str(file.name).lower()
    incoming = Incoming(file, format_of(called), file.size or 0, called.endswith(".gz"))
    try:
        if given.get("kind") == "labels":
            return uploads.take_labels(actor, source, incoming, window, at=at, dry=False)[1]
        return uploads.take_batch(actor, source, incoming, window, at=at, dry=False)[1]
    finally:
        incoming.discard()
