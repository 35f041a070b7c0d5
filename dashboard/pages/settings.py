"""The settings: lists and forms of what administrators keep."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages import channels, meanwhile
from dashboard.pages.door import act, edit_page, form_page, page
from dashboard.pages.sections import SECTIONS, Section
from dashboard.queries import imports
from dashboard.queries import settings as read
from dashboard.queries.frame import actor_of
from dashboard.shapes import settings as shapes
from registry import access, catalogue, clock
from registry.access import NotAllowed, Right
from registry.actors import Actor
from registry.problems import Invalid, invalid


@page
def start(request: HttpRequest) -> HttpResponse:
    """Open on the first section."""
    return HttpResponseRedirect("/settings/units/")


@page
def section(request: HttpRequest, name: str) -> HttpResponse:
    """List the things of one section."""
    chosen, actor = SECTIONS[name], actor_of(request)
    search = request.GET.get("q", "").strip()[:100]
    context = {
        "section": chosen,
        "tabs": _tabs(name),
        "rows": chosen.rows(actor, search),
        "may_add": chosen.may_add(actor),
        "search": search,
        "waiting": imports.waiting(actor) if name == "servers" else None,
    }
    return render(request, "settings/section.html", context)


@form_page
def add(request: HttpRequest, name: str) -> HttpResponse:
    """Make a new thing."""
    chosen, actor = SECTIONS[name], actor_of(request)
    if not chosen.may_add(actor):
        raise NotAllowed(Right.MANAGE_PLATFORM, None)
    values = {"time_zone": "UTC", "is_active": True, "enabled": True}
    return _edit(request, chosen, "", values)


@edit_page
def change(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Change a known thing."""
    chosen = SECTIONS[name]
    values = chosen.load(actor_of(request), key)
    unit = chosen.unit_of(actor_of(request), key)
    if request.method == "POST":
        access.require(actor_of(request), chosen.right, unit)
    return _edit(
        request, chosen, key, values, may=access.can(actor_of(request), chosen.right, unit)
    )


def _edit(
    request: HttpRequest, chosen: Section, key: str, values: dict[str, Any], *, may: bool = True
) -> HttpResponse:
    actor = actor_of(request)
    groups, new, error, stored = chosen.groups(actor, key), not key, None, values
    if request.method == "POST":
        given = forms.read(groups, request.POST, new=new)
        values = given.values
        try:
            known = chosen.kind.objects.get(**{chosen.named: key}) if key else None
            meanwhile.hold(actor, known, groups, stored, given, request.POST)
            if given.errors:
                raise Invalid(*given.errors)
            name = key or str(given.body.pop("key", ""))
            if not key:
                _require_free(chosen, actor, name)
            chosen.save(actor, name, given.body, clock.now())
        except Invalid as raised:
            error = forms.moved(raised, {"/slug": "/key", "/email": "/key"})
        else:
            messages.success(request, f"{name} is saved.", "done")
            return HttpResponseRedirect(f"/settings/{chosen.key}/")
    context = {
        "section": chosen,
        "tabs": _tabs(chosen.key),
        "key": key,
        "form": meanwhile.show(groups, values, error, stored, new=new),
        "may": may,
        **_members(request, chosen, key),
        **(channels.context(actor, key) if chosen.key == "channels" and key else {}),
    }
    return render(request, "settings/edit.html", context, status=400 if error else 200)


def _require_free(chosen: Section, actor: Actor, name: str) -> None:
    """A form for something new never changes what is there."""
    try:
        chosen.load(actor, name)
    except ObjectDoesNotExist:
        return
    fix = "choose another one, or change what is there on its own page"
    raise invalid("/key", "taken", f"{name} exists already", fix)


def _members(request: HttpRequest, chosen: Section, key: str) -> dict[str, Any]:
    if chosen.key != "units" or not key:
        return {}
    unit = read.unit(actor_of(request), key)
    may_manage = access.can(actor_of(request), Right.MANAGE_UNIT, unit)
    form = forms.show(shapes.member(), {}) if may_manage else None
    return {"members": read.members(unit), "member_form": form}


@act
def members(request: HttpRequest, key: str) -> HttpResponse:
    """Give a person roles in a unit."""
    actor = actor_of(request)
    unit = read.unit(actor, key)
    access.require(actor, Right.MANAGE_UNIT, unit)
    groups = shapes.member()
    given = forms.read(groups, request.POST)
    email = str(given.body.pop("email", ""))
    try:
        catalogue.put_member(actor, unit, email, given.body, at=clock.now())
    except Invalid as error:
        chosen = SECTIONS["units"]
        unit_values = chosen.load(actor, key)
        context = {
            "section": chosen,
            "tabs": _tabs("units"),
            "key": key,
            "form": meanwhile.show(chosen.form(actor), unit_values, None, unit_values),
            "may": access.can(actor, chosen.right, None),
            "members": read.members(unit),
            "member_form": forms.show(groups, given.values, error),
        }
        return render(request, "settings/edit.html", context, status=400)
    messages.success(request, f"The roles of {email} in {unit.name} are saved.", "done")
    return HttpResponseRedirect(f"/settings/units/{key}/")


def _tabs(here: str) -> list[dict[str, Any]]:
    tabs = [(section.key, section.title) for section in SECTIONS.values()]
    tabs.append(("tokens", "My tokens"))
    return [
        {"name": title, "href": f"/settings/{key}/", "here": key == here} for key, title in tabs
    ]
