"""Retraining policies: the list, one with what it decided, and its form and text."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms, policy_words, words
from dashboard.pages import meanwhile, policy_body
from dashboard.pages.door import edit_page, form_page, page
from dashboard.pages.model_rules import decision
from dashboard.queries import policies as read
from dashboard.queries.frame import actor_of, visible
from dashboard.queries.settings import unit_choices
from dashboard.shapes import policies as shapes
from policies.retraining import definitions
from registry import access, clock
from registry.access import NotAllowed, Right
from registry.actors import Actor
from registry.problems import FieldError, Invalid, invalid


@page
def policies(request: HttpRequest) -> HttpResponse:
    """List the policies one may see."""
    actor = actor_of(request)
    rows = [
        {
            "slug": row.slug,
            "unit": row.unit.name if row.unit else "the whole fleet",
            "models": policy_words.selector(read.shown_selector(actor, row.selector)),
            "rules": policy_words.rules(row.spec or {}),
            "number": row.number,
            "decided": row.decided,
        }
        for row in read.policies_for(actor)
    ]
    context = {"rows": rows, "may_add": bool(_units(actor))}
    return render(request, "pages/policies.html", context)


@edit_page
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one policy, what it decided, and (to those who may) its form."""
    actor = actor_of(request)
    found = read.policies_for(actor).get(slug=slug)
    may_edit = _may_edit(actor, found.unit)
    if request.method == "POST" and not may_edit:
        raise NotAllowed(Right.EDIT_POLICIES, found.unit)
    stored = {"selector": found.selector, "spec": found.spec}
    saved, form = _form(request, found, stored) if may_edit else (None, {})
    if saved:
        return saved
    context = {
        "policy": found,
        "unit": found.unit.name if found.unit else "the whole fleet",
        "models": policy_words.selector(read.shown_selector(actor, found.selector)),
        "rules": policy_words.rules(found.spec),
        "since": words.moment(found.since),
        "versions": [
            (v.number, words.moment(v.at), v.by.name if v.by else words.DASH)
            for v in read.versions_of(found)
        ],
        "decisions": [
            {**decision(row.model, row), "model": row.model.name, "slug": row.model.slug}
            for row in read.decisions_by(found, visible(request))
        ],
        "may_edit": may_edit,
        **form,
    }
    return render(request, "pages/policy.html", context, status=400 if form.get("failed") else 200)


@form_page
def add(request: HttpRequest) -> HttpResponse:
    """Make a policy."""
    if not _units(actor_of(request)):
        raise NotAllowed(Right.EDIT_POLICIES, None)
    saved, form = _form(request, None, policy_body.NEW)
    if saved:
        return saved
    context = {"title": "New policy", "back": "/policies/", **form}
    return render(request, "pages/form.html", context, status=400 if form["failed"] else 200)


def _form(
    request: HttpRequest, known: Any, stored: dict[str, Any]
) -> tuple[HttpResponse | None, dict[str, Any]]:
    actor, new, slug = actor_of(request), known is None, known.slug if known else ""
    trainers = read.trainer_choices(actor, stored["spec"].get("trainer"))
    groups, texts = shapes.policy(_units(actor), trainers), shapes.text()
    values: dict[str, Any] = policy_body.values(stored)
    text_values: dict[str, Any] = {"text": stored}
    error, by_text = None, request.POST.get("by") == "text"
    asked, held = (texts, text_values) if by_text else (groups, values)
    if request.method == "POST":
        given = forms.read(texts if by_text else groups, request.POST, new=new)
        try:
            meanwhile.hold(actor, known, asked, held, given, request.POST)
            if given.errors:
                raise Invalid(*given.errors)
            name = slug or str(given.body.pop("key", ""))
            body = given.body.get("text") if by_text else policy_body.body(given.body, stored)
            if not isinstance(body, dict):
                raise Invalid(
                    FieldError(
                        "/text", "type", "the policy has a selector and a spec", "as in the example"
                    )
                )
            if new and read.policies_for(actor).filter(slug=name).exists():
                fix = "choose another short name, or change that policy on its own page"
                raise invalid("/key", "taken", f"the policy {name} exists already", fix)
            definitions.put_policy(actor, name, body, at=clock.now())
        except Invalid as raised:
            error = raised
            if by_text:
                text_values = given.values
            else:
                values = given.values
        else:
            messages.success(request, f"The policy {name} is saved.", "done")
            return HttpResponseRedirect(f"/policies/{name}/"), {}
    shown = None if by_text else policy_body.at_fields(error)
    in_text = forms.beside_text(error, "text", text_values["text"]) if by_text else None
    return None, {
        "form": meanwhile.show(groups, values, shown, policy_body.values(stored), new=new),
        "text_form": None if new else meanwhile.show(texts, text_values, in_text, {"text": stored}),
        "text_open": by_text,
        "failed": error is not None,
    }


def _units(actor: Actor) -> read.Choices:
    units = unit_choices(actor, Right.EDIT_POLICIES)
    whole = access.can(actor, Right.MANAGE_PLATFORM, None)
    return ((("", "the whole fleet"),) if whole else ()) + units


def _may_edit(actor: Actor, unit: Any) -> bool:
    right = Right.EDIT_POLICIES if unit else Right.MANAGE_PLATFORM
    return access.can(actor, right, unit)
