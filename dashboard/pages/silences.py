"""Silences: what is quiet now or will be, who asked for it, and a form to ask for one."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from dashboard import forms, words
from dashboard.pages.door import act, form_page
from dashboard.queries.frame import actor_of
from dashboard.shapes import notifications as shapes
from monitoring import silences
from monitoring.models import Silence
from registry import clock
from registry.problems import FieldError, Invalid

_MOST = 200


@form_page
def index(request: HttpRequest) -> HttpResponse:
    """List the silences that are not over (or all), and make one."""
    now, actor, error = clock.now(), actor_of(request), None
    groups = shapes.silence()
    values: dict[str, Any] = {"model": request.GET.get("model", ""), "last_day": ""}
    if request.method == "POST":
        given = forms.read(groups, request.POST)
        values = given.values
        try:
            made = silences.make(actor, _body(given.body), at=now)
        except Invalid as raised:
            error = forms.moved(raised, {"/starts_at": "/first_day", "/ends_at": "/last_day"})
        else:
            messages.success(request, f"Silent until {words.moment(made.ends_at)}.", "done")
            return HttpResponseRedirect("/silences/")
    past = request.GET.get("past") == "1"
    rows = silences.visible(actor)
    rows = rows.filter(ends_at__lte=now) if past else rows.filter(ends_at__gt=now)
    found = rows.order_by("-ends_at" if past else "ends_at", "pk")[:_MOST]
    context = {
        "rows": [_row(request, one, now) for one in found],
        "past": past,
        "form": forms.show(groups, values, error),
        "tabs": [
            {"name": "Now and to come", "href": "?", "here": not past},
            {"name": "Over", "href": "?past=1", "here": past},
        ],
    }
    return render(request, "pages/silences.html", context, status=400 if error else 200)


@act
def agree(request: HttpRequest, number: int) -> HttpResponse:
    """Agree as a second person."""
    found = silences.visible(actor_of(request)).get(pk=number)
    try:
        silences.agree(actor_of(request), found, at=clock.now())
    except Invalid as error:
        for fault in error.errors:
            messages.error(request, words.fault(fault.detail, fault.fix), "error")
    else:
        messages.success(request, "It holds for critical news of tier 1 models too.", "done")
    return HttpResponseRedirect("/silences/")


@act
def end(request: HttpRequest, number: int) -> HttpResponse:
    """End it now."""
    found = silences.visible(actor_of(request)).get(pk=number)
    silences.end(actor_of(request), found, at=clock.now())
    messages.success(request, "It is over: what waited is told now.", "done")
    return HttpResponseRedirect("/silences/")


def _body(given: dict[str, Any]) -> dict[str, Any]:
    """Turn the days of the form into moments of the reader's zone: until the end of the last."""
    body = {name: value for name, value in given.items() if not name.endswith("_day")}
    if first := given.get("first_day"):
        body["starts_at"] = max(_day(first, "/first_day"), clock.now()).isoformat()
    if last := given.get("last_day"):
        body["ends_at"] = (_day(last, "/last_day") + timedelta(days=1)).isoformat()
    return body


def _day(text: str, pointer: str) -> datetime:
    try:
        return timezone.make_aware(datetime.fromisoformat(text[:10]))
    except ValueError as error:
        fix = "such as 2026-12-24"
        raise Invalid(FieldError(pointer, "invalid", "this is no day", fix)) from error


def _row(request: HttpRequest, found: Silence, now: datetime) -> dict[str, Any]:
    model, check, actor = found.model, found.check_ref, actor_of(request)
    may = found.ends_at > now and silences.may_end(actor, found)
    return {
        "number": found.pk,
        "what": f"check {check.slug}" if check else ("all checks" if model else "all models"),
        "model": model.name if model else "",
        "slug": model.slug if model else "",
        "unit": found.unit.name,
        "from": words.moment(found.starts_at),
        "until": words.moment(found.ends_at),
        "begun": found.starts_at <= now,
        "reason": found.reason,
        "by": found.made_by.name,
        "agreed": found.agreed_by.name if found.agreed_by else "",
        "ended": found.ended_by.name if found.ended_by else "",
        "may_end": may,
        "may_agree": may and found.agreed_by is None and found.made_by != actor.person,
    }
