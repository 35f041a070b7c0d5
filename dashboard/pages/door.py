"""The door of every page: signed in, in the reader's time zone, with errors people can read."""

import functools
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.queries.frame import actor_of
from dashboard.queries.meanwhile import take_turns
from registry.access import NotAllowed
from registry.models import RegisteredModel
from registry.queries import find_model

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Wrap a view that only shows."""
    return _door(view, "GET", "HEAD")


def form_page(view: View) -> View:
    """Wrap a view that shows a form and takes it."""
    return _door(view, "GET", "HEAD", "POST")


def edit_page(view: View) -> View:
    """Wrap a view whose form changes what is known: one save after the other, each seeing the last.

    Reading what is stored, comparing it with what the form was opened with, and saving are one
    transaction.
    """

    @functools.wraps(view)
    def alone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            take_turns(request.path)
            return view(request, *args, **kwargs)

    return form_page(alone)


def act(view: View) -> View:
    """Wrap a view that does something and shows nothing of its own."""
    return _door(view, "POST")


def _door(view: View, *methods: str) -> View:
    """Ask for the sign-in, set the time zone, say 403 with who can grant it and 404."""

    @require_http_methods(methods)
    @login_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            try:
                return view(request, *args, **kwargs)
            except NotAllowed as error:
                return render(request, "pages/refused.html", {"detail": str(error)}, status=403)
            except ObjectDoesNotExist as error:
                raise Http404(str(error)) from error

    return guarded


def zone_of(name: str) -> ZoneInfo:
    """Return the zone that somebody's account names, or UTC."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def model_or_404(request: HttpRequest, slug: str) -> RegisteredModel:
    """Return a model the reader may see, also by an old slug; another unit's does not exist."""
    return find_model(actor_of(request), slug)


def number_from(request: HttpRequest, name: str, *, default: int = 1) -> int:
    """Read a small positive number from the address; nonsense is the default."""
    try:
        value = int(request.GET.get(name, default))
    except ValueError:
        return default
    return value if 1 <= value <= 100_000 else default


def pager(request: HttpRequest, page: int, more: bool) -> dict[str, str]:
    """Return the addresses of the pages before and after, keeping the filters."""

    def address(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return "?" + query.urlencode()

    return {
        "previous": address(page - 1) if page > 1 else "",
        "next": address(page + 1) if more else "",
        "number": str(page),
    }
