"""One's own API tokens: made here, shown once, revoked here."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard import forms, words
from dashboard.pages.door import form_page
from dashboard.queries import settings as read
from dashboard.queries.frame import actor_of
from dashboard.shapes import settings as shapes
from registry import clock, inputs, tokens
from registry.access import Right
from registry.bodies import parse
from registry.problems import Invalid


@form_page
def own(request: HttpRequest) -> HttpResponse:
    """List one's tokens and make a new one; its key is on this answer only."""
    actor, key, error = actor_of(request), "", None
    groups = shapes.token(read.unit_choices(actor, Right.SEE))
    values: dict[str, Any] = {"days": 90}
    if request.method == "POST":
        given = forms.read(groups, request.POST)
        try:
            if given.errors:
                raise Invalid(*given.errors)
            body = parse(inputs.TokenBody, given.body)
            _, key = tokens.issue_own(
                actor,
                name=body.name,
                scopes=[str(scope) for scope in body.scopes],
                unit_slug=body.business_unit,
                days=body.days,
                at=clock.now(),
            )
        except Invalid as raised:
            values, error = given.values, raised
    now = clock.now()
    context = {
        "key": key,
        "form": forms.show(groups, values, error),
        "rows": [_row(token, now) for token in tokens.mine(actor).order_by("-pk")],
    }
    response = render(request, "settings/tokens.html", context, status=400 if error else 200)
    response["Cache-Control"] = "no-store"  # the key must not stay in any cache
    return response


@form_page
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Ask once more, then revoke one of one's tokens: what uses it stops at once, for good."""
    actor = actor_of(request)
    if request.method != "POST":
        token = tokens.mine(actor).get(pk=number)
        return render(request, "settings/revoke.html", {"token": _row(token, clock.now())})
    token = tokens.revoke_own(actor, str(number), at=clock.now())
    messages.success(request, f"The token {token.name} is revoked.", "done")
    return HttpResponseRedirect("/settings/tokens/")


def _row(token: Any, now: Any) -> dict[str, Any]:
    state = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "valid"
    return {
        "number": token.pk,
        "name": token.name,
        "unit": token.unit.name if token.unit else "all",
        "scopes": ", ".join(scope.replace("_", " ") for scope in token.scopes) or "all",
        "expires": words.moment(token.expires_at),
        "used": words.age(token.last_used_at, now),
        "state": state,
    }
