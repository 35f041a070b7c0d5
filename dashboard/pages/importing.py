"""The import in four steps, each an address: source, choice, map with preview, result."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from rest_framework.exceptions import ParseError

from dashboard import forms
from dashboard.pages.discovery import ticked
from dashboard.pages.door import form_page, number_from, page, pager
from dashboard.queries import imports as read
from dashboard.queries import settings as settings_read
from dashboard.queries.frame import actor_of, standing
from dashboard.shapes import imports as shapes
from registry import clock, operations
from registry.access import NotAllowed, Right
from registry.api.operations import errors_file
from registry.imports import from_file, from_mlflow, results
from registry.json_intake import TooLarge
from registry.models import MLflowServer, Operation
from registry.problems import Invalid

_PREVIEW = 10
_FILTERS = ("q", "tag", "alias")
_MLFLOW = Operation.Kind.IMPORT_MLFLOW


def _may_import(request: HttpRequest) -> settings_read.Choices:
    units = settings_read.unit_choices(actor_of(request), Right.EDIT_MODELS)
    if not units:
        raise NotAllowed(Right.EDIT_MODELS, None)
    return units


@page
def source(request: HttpRequest) -> HttpResponse:
    """Step 1: from which server, or from a file."""
    context = {
        "servers": read.servers(actor_of(request)),
        "may": standing(request).may_register,
        "step": 1,
    }
    return render(request, "pages/import_source.html", context)


@page
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Step 2: which models of one server."""
    actor, now, number = actor_of(request), clock.now(), number_from(request, "page")
    server = read.server(actor, slug)
    given, known = _filters(request), request.GET.get("known") == "true"
    found = read.candidates(actor, server, given, known=known, now=now)
    start = (number - 1) * read.PAGE
    rows = list(found[start : start + read.PAGE + 1])
    context = {
        "server": server,
        "rows": [read.shown(row, now=now) for row in rows[: read.PAGE]],
        "matching": found.count(),
        "given": given,
        "known": known,
        "filtered": known or any(given.values()),
        "pages": pager(request, number, len(rows) > read.PAGE),
        "may": standing(request).may_register,
        "step": 2,
    }
    return render(request, "pages/import_choose.html", context)


def _shareable(sent: QueryDict) -> str:
    """Return a form as an address; the CSRF token must not stand in one, nor in a log."""
    kept = sent.copy()
    for name in ("csrfmiddlewaretoken", "preview"):
        kept.pop(name, None)
    return kept.urlencode()


@form_page
def assign(request: HttpRequest, slug: str) -> HttpResponse:
    """Step 3: what becomes what, with a preview of ten; a POST begins the import."""
    actor = actor_of(request)
    server = read.server(actor, slug)
    units = _may_import(request)
    if "preview" in request.POST:
        return HttpResponseRedirect(f"{request.path}?{_shareable(request.POST)}")
    chosen = _choice(request, server)
    groups = shapes.mapping(chosen["tags"], units)
    sent = request.POST if request.method == "POST" else request.GET
    if any(name.startswith(("map.", "defaults.")) for name in sent):
        given = forms.read(groups, sent)
    else:
        begin = shapes.guess(chosen["tags"], settings.MUSTER_UNIT_TAGS)
        if len(units) == 1:
            begin["defaults.business_unit"] = units[0][0]
        given = forms.read(groups, begin)
    body = {"server": server.slug, **chosen["body"], **given.body}
    error, refused = None, 0
    preview: list[dict[str, Any]] = []
    try:
        wanted = from_mlflow.read(actor, body, at=clock.now())
        work, total = wanted.model_dump(mode="json", exclude_unset=True), len(wanted.models or [])
        if request.method == "POST":
            at = clock.now()
            row = operations.start(actor, _MLFLOW, work, total=total, token=None, at=at)
            return HttpResponseRedirect(f"/import/done/{row.uuid}/")
        rows = operations.preview(actor, _MLFLOW, work, rows=min(_PREVIEW, total), at=clock.now())
        refused = sum(row.status == results.Status.REFUSED for row in rows)
        bodies = [body for _, body in from_mlflow.drafts(actor, wanted, stop=_PREVIEW)]
        preview = [
            {"result": shapes.labelled(r.model_dump()), "body": b}
            for r, b in zip(rows, bodies, strict=True)
        ]
    except Invalid as raised:
        error, total = raised, chosen["total"]
    context = {
        "server": server,
        "form": forms.show(groups, given.values, error),
        "hidden": chosen["hidden"],
        "total": total,
        "preview": preview,
        "refused": refused,
        "step": 3,
    }
    return render(request, "pages/import_map.html", context, status=400 if error else 200)


def _filters(request: HttpRequest) -> dict[str, str]:
    sent = request.POST if request.method == "POST" else request.GET
    return {name: sent.get(name, "").strip()[:100] for name in _FILTERS}


def _choice(request: HttpRequest, server: MLflowServer) -> dict[str, Any]:
    """Return what was chosen: the ticked models, or all that match the filters."""
    actor, ids = actor_of(request), ticked(request)
    if ids:
        rows = read.chosen(actor, server, ids)
        hidden = [("id", str(row.pk)) for row in rows]
        body: dict[str, Any] = {"models": [row.name for row in rows]}
    else:
        given = _filters(request)
        found = read.candidates(actor, server, given, known=False, now=clock.now())
        rows = list(found)
        hidden = [(name, value) for name, value in given.items() if value]
        body = {"select": {n: [v] if n == "tag" else v for n, v in given.items() if v}}
    return {"tags": read.tags_of(rows), "hidden": hidden, "body": body, "total": len(rows)}


@form_page
def file(request: HttpRequest) -> HttpResponse:
    """Take an inventory file: try it, or import it."""
    actor = actor_of(request)
    _may_import(request)
    context: dict[str, Any] = {"step": 1, "errors": [], "rows": None}
    upload, status = request.FILES.get("file"), 400
    if request.method == "POST":
        try:
            data = upload.read(from_file.MAX_BYTES + 1) if upload else b""
            is_json = bool(upload) and str(upload.name).lower().endswith(".json")  # type: ignore[union-attr]
            rows = from_file.read(data, is_json=is_json)
            body = {"rows": rows, "text": not is_json}
            kind, at = Operation.Kind.IMPORT_INVENTORY, clock.now()
            if "import" in request.POST:
                row = operations.start(actor, kind, body, total=len(rows), token=None, at=at)
                return HttpResponseRedirect(f"/import/done/{row.uuid}/")
            first = min(len(rows), operations.AT_ONCE)
            context["rows"] = operations.preview(actor, kind, body, rows=first, at=at)
            context["total"] = len(rows)
        except Invalid as error:
            context["errors"] = error.errors
        except (ParseError, TooLarge) as error:
            context["errors"] = [{"detail": str(error.detail), "fix": ""}]
            status = error.status_code
    return render(
        request, "pages/import_file.html", context, status=status if context["errors"] else 200
    )


@page
def done(request: HttpRequest, key: UUID) -> HttpResponse:
    """Step 4: how far the import is, and what became of each row."""
    row = operations.visible(actor_of(request)).get(uuid=key)
    if row.body["work"].get("server"):
        again = f"/import/from/{row.body['work']['server']}/"
    else:
        again = "/import/file/"
    progress = read.progress(row)
    if row.kind == _MLFLOW:  # the rows of a file name its columns already
        progress["refused"] = [shapes.labelled(result) for result in progress["refused"]]
    context = {
        "operation": row,
        "progress": progress,
        "counts": results.counts(row.results),
        "again": again,
        "step": 4,
    }
    return render(request, "pages/import_done.html", context)


@page
def errors(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the errors as a file."""
    return errors_file(operations.visible(actor_of(request)).get(uuid=key))
