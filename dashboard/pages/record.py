"""The record of a model by group: what is there, what is missing, its rulebooks and its tier."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages import meanwhile
from dashboard.pages import record_rows as rows
from dashboard.pages.door import act, edit_page, form_page, model_or_404, page
from dashboard.queries.frame import actor_of
from dashboard.shapes import models as model_shapes
from dashboard.shapes import record as shapes
from dashboard.shapes import rulebooks
from registry import access, assessment, catalogue, clock, scope, tiers
from registry.access import Right
from registry.independence import NotIndependent
from registry.models import RegisteredModel
from registry.problems import FieldError, Invalid, invalid
from registry.record.fields import groups


@page
def record(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the record with its gaps."""
    return _record(request, model_or_404(request, slug))


def _record(request: HttpRequest, model: RegisteredModel, *, status: int = 200) -> HttpResponse:
    now, actor = clock.now(), actor_of(request)
    found = assessment.assess(model, at=now)
    rights = access.rights(actor, model.unit)
    context = {
        "model": model,
        "state": rows.completeness(found),
        "groups": rows.groups(found, now),
        "tags": found.facts.tags,
        "rulebooks": [rows.rulebook(row) for row in found.determinations],
        "tier": rows.tier(actor, model, at=now),
        "may_edit": Right.EDIT_MODELS in rights,
        "may_ask": bool(rights & {Right.EDIT_MODELS, Right.APPROVE}),
    }
    return render(request, "pages/record.html", context, status=status)


@edit_page
def group(request: HttpRequest, slug: str, group: str) -> HttpResponse:
    """Fill one group of the record."""
    model = _editable(request, slug)
    name = next((known for known in groups() if known.lower() == group), None)
    shown = shapes.group(name, shapes.counts(model.record, request.POST)) if name else []
    if name is None or not any(part.fields for part in shown):
        raise Http404(group)
    values, error = shapes.values(model.record), None
    stored = values
    if request.method == "POST":
        given = forms.read(shown, request.POST)
        body, places = shapes.body(given.body)
        values = given.values
        try:
            meanwhile.hold(actor_of(request), model, shown, stored, given, request.POST)
            if given.errors:
                raise Invalid(*given.errors)
            sent = {"record": body}
            catalogue.patch_model(actor_of(request), model, sent, at=clock.now())
        except Invalid as raised:
            of_form = isinstance(raised, meanwhile.Changed)
            error = raised if of_form else _at_fields(raised, places)
        else:
            messages.success(request, f"{name} is saved.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/record/#{group}")
    hint = "Name, purpose, people who answer for it and the tier's questions stand on Edit."
    return _form(
        request, f"{name}: record of {model.name}", model, shown, values, error, hint, stored
    )


def _at_fields(error: Invalid, places: dict[str, str]) -> Invalid:
    """Point at the form's rows, which may have empty ones between them."""
    return Invalid(
        *(
            FieldError(_place(item.pointer, places), item.code, item.detail, item.fix)
            for item in error.errors
        )
    )


def _place(pointer: str, places: dict[str, str]) -> str:
    inside = pointer.removeprefix("/record")
    fitting = [start for start in places if inside == start or inside.startswith(f"{start}/")]
    if not fitting:
        return inside or "/"
    start = max(fitting, key=len)
    return places[start] + inside.removeprefix(start)


@edit_page
def rulebook(request: HttpRequest, slug: str, regime: str) -> HttpResponse:
    """Decide whether the model falls under one rulebook."""
    model, now = _editable(request, slug), clock.now()
    found = scope.find(model, regime, at=now)
    shown, values, error = rulebooks.decision(), {"result": found.result}, None
    if found.decision and not found.reopened:
        values["reason"] = found.decision.reason
    stored = values
    if request.method == "POST":
        given = forms.read(shown, request.POST)
        values = given.values
        try:
            meanwhile.hold(actor_of(request), model, shown, stored, given, request.POST)
            scope.decide(actor_of(request), model, regime, given.body, at=now)
        except Invalid as raised:
            error = raised
        else:
            messages.success(request, f"{found.pack.title}: decided.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/record/#rulebooks")
    hint = f"{found.status.capitalize()}. From the facts: {found.computed.replace('_', ' ')}. "
    title = f"{found.pack.title}: {model.name}"
    return _form(request, title, model, shown, values, error, hint + found.computed_reason, stored)


@form_page
def tier(request: HttpRequest, slug: str) -> HttpResponse:
    """Set a heavier tier, or ask for a lighter one."""
    model = model_or_404(request, slug)
    access.require_to_edit_or_approve(actor_of(request), model.unit)
    shown, values, error = rulebooks.tier(model.computed_tier), {}, None
    if request.method == "POST":
        given = forms.read(shown, request.POST)
        values = given.values
        try:
            tiers.ask(actor_of(request), model, given.body, at=clock.now())
        except Invalid as raised:
            error = raised
        else:
            messages.success(request, "It is noted: see the tier below.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/record/")
    hint = (
        "A heavier tier than the computed one holds at once. A lighter one waits for an approver"
        " who is independent of the model, and ends by itself."
    )
    return _form(request, f"Another tier for {model.name}", model, shown, values, error, hint)


@edit_page
def answers(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the answers that the tier is computed from; who makes it lighter is independent."""
    model = model_or_404(request, slug)
    access.require_to_edit_or_approve(actor_of(request), model.unit)
    shown, error = model_shapes.answers(), None
    values = stored = forms.flat({"tier_answers": model.tier_answers})
    if request.method == "POST":
        given = forms.read(shown, request.POST)
        values = given.values
        try:
            meanwhile.hold(actor_of(request), model, shown, stored, given, request.POST)
            if given.errors:
                raise Invalid(*given.errors)
            catalogue.patch_model(actor_of(request), model, given.body, at=clock.now())
        except NotIndependent as refused:
            error = invalid("/", "not_independent", str(refused), "")
        except Invalid as raised:
            error = raised
        else:
            messages.success(request, "The answers are saved: see the tier below.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/record/")
    hint = "Answers that make the tier lighter come from an approver independent of the model."
    return _form(
        request, f"Tier questions of {model.name}", model, shown, values, error, hint, stored
    )


@act
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a lighter tier hold."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.APPROVE, model.unit)
    return _done(request, model, tiers.approve, "The tier is approved.")


@act
def end(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an override back."""
    model = model_or_404(request, slug)
    access.require_to_edit_or_approve(actor_of(request), model.unit)
    return _done(request, model, tiers.end, "The computed tier holds.")


def _done(request: HttpRequest, model: RegisteredModel, operation: Any, said: str) -> HttpResponse:
    """Decide about the override that the reader was shown; another one answers 409."""
    shown = request.POST.get("override", "")
    # A form without it (an old page, a script) was shown nothing: no override has the id 0.
    number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 19 else 0
    body = {"reason": request.POST.get("reason", ""), "override": number}
    try:
        operation(actor_of(request), model, body, at=clock.now())
    except Invalid as error:
        text = "; ".join(f"{item.detail}. {item.fix}" for item in error.errors)
        messages.error(request, f"Nothing was changed: {text}", "error")
        if any(item.code == "changed" for item in error.errors):
            return _record(request, model, status=409)
    else:
        messages.success(request, said, "done")
    return HttpResponseRedirect(f"/m/{model.slug}/record/")


def _editable(request: HttpRequest, slug: str) -> RegisteredModel:
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MODELS, model.unit)
    return model


def _form(
    request: HttpRequest,
    title: str,
    model: RegisteredModel,
    shown: list[forms.Group],
    values: dict[str, Any],
    error: Invalid | None,
    hint: str,
    stored: dict[str, Any] | None = None,
) -> HttpResponse:
    context = {
        "title": title,
        "model": model,
        "crumb": "record",
        "form": meanwhile.show(shown, values, error, stored or {}, new=stored is None),
        "back": f"/m/{model.slug}/record/",
        "hint": hint,
    }
    return render(request, "pages/form.html", context, status=400 if error else 200)
