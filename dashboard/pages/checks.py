"""Make, change and pause a check: the important fields as a form, everything as text."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages import check_forecast, meanwhile
from dashboard.pages.door import act, edit_page, form_page, model_or_404
from dashboard.queries.frame import actor_of
from dashboard.queries.model import check_of, source_of, specs_of
from dashboard.shapes import checks as shapes
from monitoring import definitions
from monitoring.models import Check
from registry import access, clock
from registry.access import Right
from registry.models import RegisteredModel
from registry.problems import FieldError, Invalid

_PLACES = {"/spec/": "/", "/slug": "/key", "/check": "/key"}


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
    groups, texts, new = shapes.check(kind, sources), shapes.text(), known is None
    values, text_values = _values(spec), {"spec": spec if known else None}
    stored, text_stored = values, text_values
    error, by_text = None, request.POST.get("by") == "text"
    forecast = check_forecast.newest(model, known.slug, at=clock.now()) if known else None
    if request.method == "POST" and request.POST.get("by") == "forecast":
        given = forms.read(groups, request.POST, new=new)
        values, name = given.values, known.slug if known else str(given.body.get("key", ""))
        try:
            forecast = check_forecast.ask(actor_of(request), model, name, given, at=clock.now())
        except Invalid as raised:
            error = raised
    elif request.method == "POST":
        given = forms.read(texts if by_text else groups, request.POST, new=new)
        read, held = (texts, text_stored) if by_text else (groups, stored)
        try:
            meanwhile.hold(actor_of(request), known, read, held, given, request.POST)
            name = _save(request, model, known, kind, given, spec, by_text=by_text)
        except Invalid as raised:
            error = raised
            if by_text:
                text_values = given.values
            else:
                values = given.values
        else:
            messages.success(request, f"The check {name} is saved.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/")
    in_text = None
    if by_text:
        in_text = forms.beside_text(error, "spec", text_values.get("spec"), whole="/spec")
    context = {
        "title": f"Check {known.slug} of {model.name}" if known else f"New check of {model.name}",
        "model": model,
        "hint": shapes.KINDS[kind],
        "tabs": [] if known else _tabs(kind),
        "form": meanwhile.show(
            groups,
            values,
            None if by_text else forms.moved(error, _PLACES),
            stored,
            new=new,
        ),
        "text_form": meanwhile.show(texts, text_values, in_text, text_stored) if known else None,
        "text_open": by_text,
        "back": f"/m/{model.slug}/",
        "pause": _pause(known),
        "can_forecast": kind == Check.Kind.DATA,
        "forecast": forecast,
    }
    return render(request, "pages/form.html", context, status=400 if error else 200)


def _save(
    request: HttpRequest,
    model: RegisteredModel,
    known: Check | None,
    kind: str,
    given: forms.Given,
    stored: dict[str, Any],
    *,
    by_text: bool,
) -> str:
    if given.errors:
        raise Invalid(*given.errors)
    name = known.slug if known else str(given.body.pop("key", ""))
    spec = given.body.get("spec") if by_text else given.body
    if not isinstance(spec, dict):
        raise Invalid(
            FieldError(
                "/spec", "type", "the spec is a list of keys with values", "one `key: value` a line"
            )
        )
    if by_text:
        # The text holds each group whole: what is gone from it shall go.
        for key, value in spec.items():
            if isinstance(value, dict) and isinstance(stored.get(key), dict):
                spec[key] = {**dict.fromkeys(stored[key]), **value}
    elif "metrics" in spec:
        known_by_name = {one["name"]: one for one in stored.get("metrics", [])}
        spec["metrics"] = [_metric(text, known_by_name) for text in spec["metrics"]]
    definitions.put_check(actor_of(request), model, name, at=clock.now(), kind=kind, spec=spec)
    return name


def _metric(text: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Read a metric with its limit; what a line does not say (a beta, costs) is kept."""
    name, direction, limit = ([*text.split(), "", "", ""])[:3]
    try:
        return {**known.get(name, {}), "name": name, "direction": direction, "limit": float(limit)}
    except ValueError as error:
        detail = f"'{text[:60]}' is no metric with its limit"
        raise Invalid(FieldError("/metrics", "unreadable", detail, "roc_auc min 0.7")) from error


def _values(spec: dict[str, Any]) -> dict[str, Any]:
    values = forms.flat(spec)
    if isinstance(spec.get("metrics"), list):
        values["metrics"] = [f"{m['name']} {m['direction']} {m['limit']}" for m in spec["metrics"]]
    return values


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
