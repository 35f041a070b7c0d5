"""How I am told, and how a unit's people are told."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms
from dashboard.pages.door import form_page
from dashboard.queries import settings as read
from dashboard.queries.frame import actor_of
from dashboard.shapes import notifications as shapes
from monitoring import notifications
from registry import access, clock
from registry.access import Right
from registry.problems import Invalid

_OFF = (
    " In this installation quiet hours and budgets are off (MUSTER_NOISE_LIMITS), except for"
    " units that have chosen them."
)


@form_page
def mine(request: HttpRequest) -> HttpResponse:
    """Show and change how the reader is told."""
    actor = actor_of(request)
    assert actor.person is not None
    hint = (
        f"Times are in your time zone, {actor.person.time_zone}. Critical news of a tier 1 model"
        " always comes at once; everything else keeps to this, and nothing is dropped."
    )
    hint += "" if settings.MUSTER_NOISE_LIMITS else _OFF
    return _form(
        request,
        shapes.mine(),
        notifications.show_own(notifications.setting_of(actor.person)),
        save=lambda body: notifications.put_own(actor, body, at=clock.now()),
        title="How I am told",
        hint=hint,
        back="/account/",
    )


@form_page
def of_unit(request: HttpRequest, key: str) -> HttpResponse:
    """Show and change which limits on noise hold in a unit."""
    actor = actor_of(request)
    unit = read.unit(actor, key)
    access.require(actor, Right.MANAGE_UNIT, unit)
    return _form(
        request,
        shapes.of_unit(),
        notifications.show_unit(notifications.of_unit(unit)),
        save=lambda body: notifications.put_unit(actor, unit, body, at=clock.now()),
        title=f"How the people of {unit.name} are told",
        hint="Each person chooses the hours; here one says whether they hold for this unit's news."
        + ("" if settings.MUSTER_NOISE_LIMITS else _OFF),
        back=f"/settings/units/{key}/",
    )


def _form(
    request: HttpRequest,
    groups: list[forms.Group],
    values: dict[str, Any],
    *,
    save: Callable[[dict[str, Any]], object],
    title: str,
    hint: str,
    back: str,
) -> HttpResponse:
    error = None
    if request.method == "POST":
        given = forms.read(groups, request.POST)
        values = given.values
        try:
            if given.errors:
                raise Invalid(*given.errors)
            save(given.body)
        except Invalid as raised:
            error = raised
        else:
            messages.success(request, "Saved.", "done")
            return HttpResponseRedirect(request.path)
    form = forms.show(groups, values, error)
    context = {"form": form, "title": title, "hint": hint, "back": back}
    return render(request, "pages/form.html", context, status=400 if error else 200)
