"""A model's contract: what its batches must look like, column by column, and the form for it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms, words
from dashboard.pages.door import edit_page, model_or_404
from dashboard.queries.frame import actor_of
from dashboard.queries.model import contract_of
from dashboard.shapes import contract as shapes
from monitoring import definitions
from monitoring.models import ContractVersion
from registry import access, clock
from registry.access import Right
from registry.models import RegisteredModel
from registry.problems import Invalid, invalid


@edit_page
def contract(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the contract in force and take changes of it; each is a new version."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MONITORING, model.unit)
    newest = contract_of(model)
    spec: dict[str, Any] = newest.spec if newest else {}
    columns, search = spec.get("columns", {}), request.GET.get("q", "").strip()[:200]
    rows, values, others, error = shapes.stored(columns, search), spec, list[str](), None
    if request.method == "POST":
        given, rows = forms.read(shapes.batch(), request.POST), shapes.typed(columns, request.POST)
        values = given.values
        try:
            number = _save(request, model, newest, given, shapes.changes(columns, rows))
        except Invalid as raised:
            others, error = shapes.place(rows, raised), raised
        else:
            messages.success(request, f"The contract is saved: version {number}.", "done")
            return HttpResponseRedirect(f"/m/{model.slug}/#watching")
    shown = forms.show(shapes.batch(), values, error)
    beside = {item.pointer for group in shapes.batch() for item in group.fields}
    context = {
        "model": model,
        "number": newest.number if newest else 0,
        "origin": _origin(newest),
        "rows": rows,
        "families": shapes.FAMILIES,
        "search": search,
        "more": max(0, len(columns) - sum(not row.new for row in rows)),
        "form": {"groups": shown["groups"]},
        "wrong": len(error.errors) if error else 0,
        "others": [text for text in others if f"/{text.split(':')[0]}" not in beside],
    }
    return render(request, "pages/contract.html", context, status=400 if error else 200)


def _save(
    request: HttpRequest,
    model: RegisteredModel,
    newest: ContractVersion | None,
    given: forms.Given,
    columns: dict[str, Any],
) -> int:
    if given.errors:
        raise Invalid(*given.errors)
    if request.POST.get("version") != str(newest.number if newest else 0):
        detail = "somebody has changed the contract meanwhile"
        raise invalid("/", "changed", detail, "open this page again and repeat the change")
    if newest is None and not columns:
        fix = "write at least one, or wait until the contract is learned"
        raise invalid("/columns", "required", "a contract without columns demands nothing", fix)
    version, _ = definitions.put_contract(
        actor_of(request), model, at=clock.now(), changes={**given.body, "columns": columns}
    )
    return version.number


def _origin(newest: ContractVersion | None) -> str:
    if newest is None:
        return ""
    who = newest.by.name if newest.by else "learned from the reference"
    return f"Version {newest.number}, {who}, {words.moment(newest.at)}."
