"""The page behind a signed link in a mail: no sign-in, one button, and looking changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dashboard import words
from dashboard.pages.door import zone_of
from monitoring import following
from monitoring.following import Followed, Unusable
from monitoring.links import Purpose, WrongLink
from registry import clock

_ASKS = {
    Purpose.ACKNOWLEDGE: ("Acknowledge this incident?", "Acknowledge"),
    Purpose.SNOOZE: ("Put this incident off until the next check?", "Snooze it"),
    Purpose.UNSUBSCRIBE: ("Stop the weekly reports?", "Send me no more reports"),
}
_DONE = {
    Purpose.ACKNOWLEDGE: "It is acknowledged: the others know that somebody is on it.",
    Purpose.SNOOZE: "It is put off until {until}, or until it gets worse.",
    Purpose.UNSUBSCRIBE: "No more weekly reports are sent to you. Alerts go on.",
}
_CUT = "Perhaps the mail program cut it off: open the incident in Muster instead."


# Whoever holds the link may press its button, and a mail program that does so for its reader
# (RFC 8058) brings no cookie: the signature is what a forged request lacks.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to do what the link is for, or do it."""
    at, pressed = clock.now(), request.method == "POST"
    try:
        if pressed:
            name = getattr(request, "request_id", "")
            found = following.follow(token, at=at, request_id=name)
        else:
            found = following.look(token, at=at)
    except WrongLink as error:
        return _sorry(request, f"{error} {_CUT}", status=404)
    except Unusable as error:
        return _sorry(request, str(error), status=410)
    context = {
        "title": _ASKS[found.link.purpose][0],
        "button": _ASKS[found.link.purpose][1],
        "person": found.person,
        "incident": str(found.incident or ""),
        "number": found.incident.pk if found.incident else None,
        "done": _done(found) if pressed or found.used else "",
    }
    return _never_told_on(render(request, "pages/link.html", context))


def _done(found: Followed) -> str:
    until = found.incident.snoozed_until if found.incident else None
    if found.link.purpose == Purpose.SNOOZE and until is None:
        return "This link has been used already, and the time it put the incident off for is over."
    with timezone.override(zone_of(found.person.time_zone)):
        return _DONE[found.link.purpose].format(until=words.moment(until))


def _sorry(request: HttpRequest, text: str, *, status: int) -> HttpResponse:
    context = {"title": "This link does nothing", "sorry": text}
    return _never_told_on(render(request, "pages/link.html", context, status=status))


def _never_told_on(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"  # the address is the right to act
    response["X-Robots-Tag"] = "noindex"
    return response
