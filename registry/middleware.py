"""Give each request an id, and the request's actor to every page and endpoint."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from registry import actors

_SAFE_ID = re.compile(r"^[A-Za-z0-9._\-]{8,64}$")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Take the caller's X-Request-ID when it is harmless, else make one; answer with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _SAFE_ID.match(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class PersonMiddleware:
    """Set `request.actor` for somebody who is signed in; the API sets its own from the token."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            request.actor = actors.of_person(  # type: ignore[attr-defined]
                request.user,
                request_id=request.request_id,  # type: ignore[attr-defined]
            )
        return self.get_response(request)
