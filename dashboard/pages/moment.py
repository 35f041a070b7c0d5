"""The moment that a page is asked about: `?as_of=` in the reader's own time zone."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard import words
from registry import clock, moments
from registry.problems import Invalid


@dataclass(frozen=True)
class Asked:
    """The moment, its text as it was given, and whether it is the past."""

    at: datetime
    text: str

    @property
    def said(self) -> str:
        """Return the moment as people read it."""
        return words.moment(self.at)


def asked(request: HttpRequest) -> Asked | None:
    """Return the asked moment, or None for today; raises Invalid for what is no moment."""
    text = request.GET.get("as_of", "").strip()[:40]
    if not text:
        return None
    zone = timezone.get_current_timezone()
    return Asked(moments.parse(text, now=clock.now(), zone=zone), text)


def wrong(request: HttpRequest, error: Invalid) -> HttpResponse:
    """Say which days one can ask for."""
    said = words.fault(error.errors[0].detail, "choose a day that has begun")
    return refused(request, said, status=400)


def refused(request: HttpRequest, said: str, *, status: int, back: str = "") -> HttpResponse:
    """Say why that day is not shown, and ask for another."""
    context = {"detail": said, "history": back}
    return render(request, "pages/no_moment.html", context, status=status)


def address(moment: datetime) -> str:
    """Write a moment for an address."""
    return moment.isoformat().replace("+00:00", "Z")
