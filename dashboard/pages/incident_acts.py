"""What one does with an incident: take it on, and close it with its root cause."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard import words
from dashboard.pages.door import act
from dashboard.pages.incidents import show
from dashboard.queries.frame import actor_of, visible
from dashboard.queries.incidents import incident_of
from monitoring import incidents as operations
from registry import access, clock
from registry.access import Right
from registry.problems import Invalid


@act
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    """Take the incident on and go back to where one was."""
    found = incident_of(visible(request), number)
    reason = request.POST.get("reason", "")
    try:
        operations.acknowledge(actor_of(request), number, reason=reason, at=clock.now())
    except Invalid as error:
        return show(request, found, errors=_by_field(error), status=400)
    messages.success(request, f"Incident {number} is acknowledged: it is yours now.", "done")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = f"/incidents/{number}/"
    return HttpResponseRedirect(back)


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
