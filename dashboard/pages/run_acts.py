"""What one does with a run: judge its window again, say what is expected, ask for the report."""

from datetime import date, datetime, time, timedelta
from typing import Any

from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from dashboard import words
from dashboard.pages import run as shown
from dashboard.pages.door import act, model_or_404, page
from dashboard.queries import runs
from dashboard.queries.frame import actor_of
from monitoring import analyses, expectations, rejudging
from monitoring.models import Analysis, Run
from registry import clock
from registry.models import RegisteredModel
from registry.problems import Invalid

# The page that Evidently makes shows column names as they are, markup included: it gets an origin
# of its own (none), may run its own script, and may reach nothing.
_SANDBOX = {
    "sandbox": ["allow-scripts"],
    "default-src": [NONE],
    "script-src": ["'unsafe-inline'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:", "blob:"],
    "font-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}


@act
def again(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have the window judged once more."""
    model, found = _run(request, slug, number)
    try:
        queued, created = rejudging.rejudge(
            actor_of(request), found, reason=request.POST.get("reason", ""), at=clock.now()
        )
    except Invalid as error:
        return _refused(request, model, found, "again", error)
    told = "The window is judged again." if created else "The window is being judged already."
    messages.success(request, told, "done")
    return HttpResponseRedirect(f"/m/{model.slug}/runs/{queued.pk}/")


@act
def expect(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say that what the run shows is expected until a day."""
    model, found = _run(request, slug, number)
    given = request.POST
    try:
        made = expectations.expect(
            actor_of(request),
            found.window.check_ref,
            feature=given.get("feature", ""),
            segment=given.get("segment", ""),
            reason=given.get("reason", ""),
            until=_end_of(given.get("until", "")),
            at=clock.now(),
        )
    except Invalid as error:
        return _refused(request, model, found, "expect", error)
    what = made.feature or "Whatever crosses its limit"
    messages.success(request, f"{what} alerts nobody until {words.moment(made.until)}.", "done")
    return HttpResponseRedirect(f"/m/{model.slug}/runs/{found.pk}/")


@act
def unexpect(request: HttpRequest, slug: str, number: int, key: int) -> HttpResponse:
    """Take back that something is expected."""
    model, found = _run(request, slug, number)
    row = found.window.check_ref.expectations.get(pk=key)
    expectations.end(actor_of(request), row, at=clock.now())
    messages.success(request, "The next verdict counts again.", "done")
    return HttpResponseRedirect(f"/m/{model.slug}/runs/{found.pk}/")


@act
def ask_report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have Evidently's full report made."""
    model, found = _run(request, slug, number)
    try:
        analyses.request_report(actor_of(request), found, at=clock.now())
    except Invalid as error:
        return _refused(request, model, found, "report", error)
    return HttpResponseRedirect(f"/m/{model.slug}/runs/{found.pk}/#report")


@page
def _report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Serve Evidently's report; while there is none, go back to where one asks for it."""
    model, found = _run(request, slug, number)
    made = found.analyses.filter(kind=Analysis.Kind.REPORT).exclude(path="").first()
    if made is None or not analyses.path_of(made).exists():
        return HttpResponseRedirect(f"/m/{model.slug}/runs/{found.pk}/#report")
    answer = HttpResponse(analyses.path_of(made).read_bytes(), content_type="text/html")
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


report = csp(_SANDBOX)(_report)


def _run(request: HttpRequest, slug: str, number: int) -> tuple[RegisteredModel, Run]:
    model = model_or_404(request, slug)
    return model, runs.run_of(model, number)


def _refused(
    request: HttpRequest, model: RegisteredModel, found: Run, form: str, error: Invalid
) -> HttpResponse:
    errors: dict[str, Any] = {
        item.pointer.strip("/") or "other": words.fault(item.detail, item.fix)
        for item in error.errors
    }
    return shown.show(request, model, found, errors={**errors, "form": form}, status=400)


def _end_of(text: str) -> datetime:
    """Read a day as its end in the reader's zone; nonsense is long past, which is refused."""
    try:
        day = date.fromisoformat(text)
        return datetime.combine(
            day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone()
        )
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=timezone.get_fixed_timezone(0))
