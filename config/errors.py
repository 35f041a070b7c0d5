"""What is answered outside of any view: unknown addresses and faults of our own."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from registry import problems


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address: a problem under /api/, a page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.page_not_found(request, exception)
    detail = "There is nothing here that you may see; /api/docs/ lists the addresses."
    return _problem(request, 404, "Not found", detail)


def broken(request: HttpRequest, *args: Any) -> HttpResponse:
    """Answer a fault of our own; the log holds it under the request's id."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return JsonResponse(problems.broken(request), status=500, content_type=problems.MEDIA_TYPE)


def _problem(request: HttpRequest, code: int, title: str, detail: str) -> HttpResponse:
    body = problems.as_json(request, code, title, detail)
    return JsonResponse(body, status=code, content_type=problems.MEDIA_TYPE)
