"""What one does with incidents: take them on, put them off, give them away, close them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard import words
from dashboard.pages.door import act
from dashboard.pages.incidents import show
from dashboard.queries.frame import actor_of, visible
from dashboard.queries.incidents import incident_of
from monitoring import handling, resending
from monitoring import incidents as operations
from monitoring.models import Delivery
from policies.retraining import asking
from registry import access, clock
from registry.access import Right
from registry.models import RegisteredModel
from registry.problems import Invalid, invalid
from registry.queries import find_model

_HOURS = {"4h": timedelta(hours=4), "1d": timedelta(days=1)}


@act
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Take the incident on and go back to where one was."""
    reason = request.POST.get("reason", "")

    def do(at: datetime) -> str:
        operations.acknowledge(actor_of(request), number, reason=reason, at=at)
        return f"Incident {number} is acknowledged: it is yours now."

    return _done(request, number, do)


@act
def snooze(request: HttpRequest, number: int) -> HttpResponse:
    """Put the incident off until the next check, or for the time that was chosen."""
    reason = request.POST.get("reason", "")

    def do(at: datetime) -> str:
        until = _until(request, at) if "alone" in request.POST else None
        found = handling.snooze(actor_of(request), number, until=until, reason=reason, at=at)
        return f"Incident {number} is snoozed until {words.moment(found.snoozed_until)}."

    return _done(request, number, do)


@act
def wake(request: HttpRequest, number: int) -> HttpResponse:
    """End the incident's snooze."""

    def do(at: datetime) -> str:
        handling.wake(actor_of(request), number, at=at)
        return f"Incident {number} is back."

    return _done(request, number, do)


@act
def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Give the incident to somebody, or to nobody."""
    person = request.POST.get("person", "") or None

    def do(at: datetime) -> str:
        found = handling.assign(actor_of(request), number, person=person, at=at)
        whose = f"{found.assigned_to.name}'s" if found.assigned_to else "nobody's"
        return f"Incident {number} is {whose} now."

    return _done(request, number, do)


@act
def escalate(request: HttpRequest, number: int) -> HttpResponse:
    """Pass the incident on to whom it would go next."""
    reason = request.POST.get("reason", "")[:400]

    def do(at: datetime) -> str:
        handling.escalate(actor_of(request), number, reason=reason, at=at)
        return f"Incident {number} is passed on."

    return _done(request, number, do)


@act
def resend(request: HttpRequest, number: int, delivery: int) -> HttpResponse:
    """Send once more what was given up."""
    found = incident_of(visible(request), number)
    if resending.find(actor_of(request), delivery).alert.incident_id != found.pk:
        raise Delivery.DoesNotExist

    def do(at: datetime) -> str:
        resending.resend(actor_of(request), delivery, at=at)
        return "It is sent once more."

    return _done(request, number, do)


@act
def retrain(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a retraining of one of the incident's models, over a hold if one may."""
    found = incident_of(visible(request), number)
    model = find_model(actor_of(request), request.POST.get("model", ""))
    if all(alert.model_id != model.pk for alert in found.alerts.all()):
        raise RegisteredModel.DoesNotExist
    override, reason = bool(request.POST.get("override")), request.POST.get("reason", "")

    def do(at: datetime) -> str:
        asking.ask(actor_of(request), model, reason=reason, override=override, at=at)
        return f"A retraining of {model.name} is asked for."

    return _done(request, number, do)


@act
def together(request: HttpRequest) -> HttpResponse:
    """Do the same with the incidents that were chosen; say what went wrong with which."""
    chosen = [int(text) for text in request.POST.getlist("incident")[:200] if text.isdecimal()]
    kind, at, actor = request.POST.get("act", ""), clock.now(), actor_of(request)
    right = Right.ACT_ON_INCIDENTS
    if not any(access.can(actor, right, unit) for unit in access.visible_units(actor)):
        raise access.NotAllowed(right, None)
    done: Callable[[int], object]
    try:
        if kind == "snooze":
            until = _until(request, at)
            done = partial(handling.snooze, actor, until=until, at=at)
        elif kind == "wake":
            done = partial(handling.wake, actor, at=at)
        elif kind == "mine":
            done = partial(handling.assign, actor, person=request.user.get_username(), at=at)
        else:
            done = partial(operations.acknowledge, actor, at=at)
        told = handling.on_each(chosen, done)
    except Invalid as error:
        told = []
        messages.error(request, " ".join(_by_field(error).values()), "error")
    for number, wrong in told:
        if wrong:
            messages.error(request, f"Incident {number}: {wrong}", "error")
    if good := [number for number, wrong in told if not wrong]:
        noun = "incident is" if len(good) == 1 else "incidents are"
        messages.success(request, f"{len(good)} {noun} {_DONE.get(kind, 'acknowledged')}.", "done")
    elif not told:
        messages.info(request, "Choose incidents first: nothing was done.", "info")
    return HttpResponseRedirect(_back(request, "/incidents/"))


_DONE = {"snooze": "snoozed", "wake": "back", "mine": "yours now"}


def _done(request: HttpRequest, number: int, do: Callable[[datetime], str]) -> HttpResponse:
    """Do it, say so, and go back; what is wrong is shown on the incident's page."""
    found = incident_of(visible(request), number)
    try:
        messages.success(request, do(clock.now()), "done")
    except Invalid as error:
        return show(request, found, errors=_by_field(error), status=400)
    return HttpResponseRedirect(_back(request, f"/incidents/{number}/"))


def _until(request: HttpRequest, at: datetime) -> datetime | None:
    """Return the chosen end: of a day in the reader's zone, after hours; None: the next check."""
    if day := request.POST.get("until", ""):
        try:
            return timezone.make_aware(datetime.fromisoformat(day[:10])) + timedelta(days=1)
        except ValueError as error:
            raise invalid("/until", "invalid", "this is no day", "such as 2026-12-24") from error
    length = request.POST.get("length", "next")
    return at + _HOURS[length] if length in _HOURS else None


def _back(request: HttpRequest, otherwise: str) -> str:
    back = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return back if inside else otherwise


@act
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Close the incident with a verdict and its root cause."""
    found = incident_of(visible(request), number)
    # Who may not act learns that before what is wrong with the form.
    for alert in found.alerts.all():
        access.require(actor_of(request), Right.ACT_ON_INCIDENTS, alert.model.unit)
    verdict, cause = request.POST.get("verdict", ""), request.POST.get("root_cause", "")
    try:
        operations.close(
            actor_of(request), number, verdict=verdict, root_cause=cause, at=clock.now()
        )
    except Invalid as error:
        return show(request, found, errors=_by_field(error), status=400)
    messages.success(request, f"Incident {number} is closed.", "done")
    return HttpResponseRedirect(f"/incidents/{number}/")


def _by_field(error: Invalid) -> dict[str, str]:
    return {
        item.pointer.strip("/") or "other": words.fault(item.detail, item.fix)
        for item in error.errors
    }
