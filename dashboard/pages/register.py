"""Register a model, change its record, and say where its batches land."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages import meanwhile
from dashboard.pages.door import edit_page, form_page, model_or_404
from dashboard.queries import settings as read
from dashboard.queries.frame import actor_of
from dashboard.queries.model import source_of
from dashboard.shapes import models as shapes
from monitoring import sourcing
from registry import access, catalogue, clock
from registry.access import NotAllowed, Right
from registry.independence import NotIndependent
from registry.models import RegisteredModel
from registry.problems import Invalid, invalid

_NEW = {"task": "classification", "lifecycle": "in_development", "decision_role": "one_input"}


@form_page
def register(request: HttpRequest) -> HttpResponse:
    """Register a model."""
    units = read.unit_choices(actor_of(request), Right.EDIT_MODELS)
    if not units:
        raise NotAllowed(Right.EDIT_MODELS, None)
    values = {**_NEW, "owner": request.user.get_username(), "business_unit": units[0][0]}
    return _model(request, units, None, values)


@edit_page
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a model's record."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MODELS, model.unit)
    units = read.unit_choices(actor_of(request), Right.EDIT_MODELS)
    return _model(request, units, model, _values(model))


def _model(
    request: HttpRequest,
    units: read.Choices,
    known: RegisteredModel | None,
    values: dict[str, Any],
) -> HttpResponse:
    groups, new, error = shapes.model(units, read.server_choices()), known is None, None
    slug, stored = known.slug if known else "", values
    if request.method == "POST":
        given = forms.read(groups, request.POST, new=new)
        values, body = given.values, given.body
        if not body.get("mlflow", {}).get("model"):
            body.pop("mlflow", None)
        try:
            meanwhile.hold(actor_of(request), known, groups, stored, given, request.POST)
            if given.errors:
                raise Invalid(*given.errors)
            name = slug or str(body.pop("key", ""))
            if new and access.visible_models(actor_of(request)).filter(slug=name).exists():
                fix = "choose another short name, or edit that model on its own page"
                raise invalid("/key", "taken", f"the model {name} exists already", fix)
            model, _ = catalogue.put_model(actor_of(request), name, body, at=clock.now())
        except NotIndependent as refused:
            error = invalid("/tier_answers", "not_independent", str(refused), "")
        except Invalid as raised:
            error = forms.moved(raised, {"/slug": "/key"})
        else:
            messages.success(request, f"{model.name} is saved: tier {model.tier}.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/")
    context = {
        "title": f"Edit {slug}" if slug else "Register a model",
        "form": meanwhile.show(groups, values, error, stored, new=new),
        "back": f"/m/{slug}/" if slug else "/fleet/",
        "hint": "" if slug else "A training script does the same with one PUT to /api/v1/models/.",
    }
    return render(request, "pages/form.html", context, status=400 if error else 200)


def _values(model: RegisteredModel) -> dict[str, Any]:
    plain = ("name", "purpose", "description", "task", "lifecycle", "decision_role")
    return {
        **{name: getattr(model, name) for name in plain},
        "business_unit": model.unit.slug,
        "owner": model.owner.email,
        "deputy": model.deputy.email if model.deputy else "",
        "jurisdictions": model.jurisdictions,
        "tags": model.tags,
        "mlflow.server": model.mlflow_server.slug if model.mlflow_server else "",
        "mlflow.model": model.mlflow_name,
        **forms.flat({"tier_answers": model.tier_answers}),
    }


@edit_page
def source(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Say where the batches of a model land."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MONITORING, model.unit)
    known = {row.name: row for row in source_of(model)}.get(name)
    new, values = known is None, {"format": "parquet", "kind": "folder"}
    if known:
        names = ("address", "format", "query", "labels_query", "artifact", "labels_artifact")
        values = {name: getattr(known, name) for name in names}
        values["owner"] = known.owner.email if known.owner else ""
    groups, error, stored = shapes.source(known.kind if known else ""), None, values
    if request.method == "POST":
        given = forms.read(groups, request.POST, new=new)
        values = given.values
        try:
            meanwhile.hold(actor_of(request), known, groups, stored, given, request.POST)
            sourcing.put_source(actor_of(request), model, name, at=clock.now(), **given.body)
        except Invalid as raised:
            error = raised
        else:
            messages.success(request, f"The source {name} is saved and will be scanned.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/")
    context = {
        "title": f"Source {name} of {model.name}",
        "model": model,
        "form": meanwhile.show(groups, values, error, stored, new=new),
        "back": f"/m/{model.slug}/",
    }
    return render(request, "pages/form.html", context, status=400 if error else 200)
