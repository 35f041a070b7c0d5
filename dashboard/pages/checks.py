"""Make, change and pause a check with one form: fields, and a text for what they do not say."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages import check_body, check_forecast, meanwhile
from dashboard.pages.door import act, edit_page, form_page, model_or_404
from dashboard.queries.frame import actor_of
from dashboard.queries.model import check_of, source_of, specs_of
from dashboard.shapes import checks as shapes
from monitoring import definitions
from monitoring.models import Check
from registry import access, clock
from registry.access import Right
from registry.models import RegisteredModel
from registry.problems import Invalid, invalid


@form_page
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a check of the kind that the address names."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MONITORING, model.unit)
    kind = request.GET.get("kind", "data")
    kind = kind if kind in shapes.KINDS else "data"
    now = clock.now()
    monday = (now - timedelta(days=now.weekday())).strftime("%Y-%m-%dT00:00:00Z")
    return _edit(request, model, None, kind, {**shapes.STARTS[kind], "start": monday})


@edit_page
def change(request: HttpRequest, slug: str, check: str) -> HttpResponse:
    """Change a check; each change is a new version."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MONITORING, model.unit)
    known = check_of(model, check)
    version = specs_of([known])[known.pk]
    return _edit(request, model, known, known.kind, version.spec)


@act
def pause(request: HttpRequest, slug: str, check: str) -> HttpResponse:
    """Stop a check, or go on with it."""
    model = model_or_404(request, slug)
    paused = request.POST.get("paused") == "yes"
    reason = request.POST.get("reason", "")[:500]
    known = check_of(model, check)
    definitions.pause_check(actor_of(request), known, paused=paused, reason=reason, at=clock.now())
    messages.success(request, f"{check} is {'paused' if paused else 'running again'}.", "done")
    return HttpResponseRedirect(f"/m/{model.slug}/")


def _edit(
    request: HttpRequest,
    model: RegisteredModel,
    known: Check | None,
    kind: str,
    spec: dict[str, Any],
) -> HttpResponse:
    sources = shapes.source_choices([row.name for row in source_of(model)], spec.get("source"))
    groups, new = shapes.check(kind, sources), known is None
    values = stored = check_body.values(kind, groups, spec)
    error, given = None, None
    forecast = check_forecast.newest(model, known.slug, at=clock.now()) if known else None
    if request.method == "POST":
        given = forms.read(groups, request.POST, new=new)
        name = known.slug if known else str(given.body.get("key", ""))
        actor, asked = actor_of(request), request.POST.get("by") == "forecast"
        try:
            if not asked:
                meanwhile.hold(actor, known, groups, stored, given, request.POST)
            wanted = check_body.spec(kind, groups, given, spec if known else {}, request.POST)
            if not asked:
                if new and model.checks.filter(slug=name).exists():
                    fix = "choose another short name, or change that check on its own page"
                    raise invalid("/key", "taken", f"the check {name} exists already", fix)
                definitions.put_check(actor, model, name, at=clock.now(), kind=kind, spec=wanted)
                messages.success(request, f"The check {name} is saved.", "done")
                return HttpResponseRedirect(f"/m/{model.slug}/")
            forecast = check_forecast.ask(actor, model, name, wanted, at=clock.now())
        except Invalid as raised:
            error = check_body.placed(raised, groups, given)
        values = given.values
    context = {
        "title": f"Check {known.slug} of {model.name}" if known else f"New check of {model.name}",
        "model": model,
        "hint": shapes.KINDS[kind],
        "tabs": [] if known else _tabs(kind),
        "form": meanwhile.show(groups, values, error, stored, new=new),
        "back": f"/m/{model.slug}/",
        "pause": _pause(known),
        "can_forecast": kind == Check.Kind.DATA,
        "forecast": forecast,
    }
    return render(request, "pages/form.html", context, status=400 if error else 200)


def _tabs(kind: str) -> list[dict[str, Any]]:
    return [
        {"name": Check.Kind(value).label, "href": f"?kind={value}", "here": value == kind}
        for value in shapes.KINDS
    ]


def _pause(known: Check | None) -> dict[str, str]:
    if known is None:
        return {}
    if known.paused:
        return {"title": "This check is paused", "value": "no", "button": "Go on with it"}
    return {"title": "Pause this check", "value": "yes", "button": "Pause"}
