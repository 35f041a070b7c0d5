"""My account: time zone, password, factors, sessions and the way to the tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms, words
from dashboard.pages.door import act, form_page
from dashboard.queries.frame import actor_of
from dashboard.shapes import settings as shapes
from registry import catalogue, clock
from registry.problems import Invalid
from registry.sign_in import company, factors, sessions


@form_page
def account(request: HttpRequest) -> HttpResponse:
    """Show the account and change what one may change about oneself."""
    actor, error = actor_of(request), None
    person = actor.person
    assert person is not None
    groups = shapes.me()
    values: dict[str, Any] = {"time_zone": person.time_zone}
    if request.method == "POST":
        given = forms.read(groups, request.POST)
        try:
            catalogue.put_me(actor, given.body, at=clock.now())
        except Invalid as raised:
            values, error = given.values, raised
        else:
            messages.success(request, "Saved.", "done")
            return HttpResponseRedirect("/account/")
    held = factors.of(person)
    app, codes = held.get("totp"), held.get("recovery_codes")
    context = {
        "form": forms.show(groups, values, error),
        "has_password": person.has_usable_password(),
        "app_since": words.moment(app.created_at) if app else "",
        "app_used": words.age(app.last_used_at, clock.now()) if app else "",
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "company": settings.MUSTER_OIDC_NAME if settings.MUSTER_OIDC_ISSUER else "",
        "bound": company.is_bound(person),
        "sessions": [_session(found) for found in sessions.of(person)],
    }
    return render(request, "pages/account.html", context, status=400 if error else 200)


@act
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    person = actor_of(request).person
    assert person is not None
    ended = sessions.end_all(person, but=request.session.session_key)
    messages.success(request, f"Signed out in {ended} other places.", "done")
    return HttpResponseRedirect("/account/")


def _session(found: Any) -> dict[str, Any]:
    return {
        "since": words.moment(found.created_at),
        "address": found.ip,
        "browser": found.user_agent[:120] or "not told",
        "here": found.is_current(),
    }
