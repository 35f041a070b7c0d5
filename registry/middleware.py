"""Give each request an id and its actor; refuse what PostgreSQL cannot store."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    QueryDict,
    UnreadablePostError,
)
from django.urls import reverse

from registry import actors
from registry.sign_in import factors, passwords

_SAFE_ID = re.compile(r"^[A-Za-z0-9._\-]{8,64}$")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_NUL_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Muster cannot read this</title></head>
<body><main><h1>Muster cannot read this</h1><p>The address or the form holds a NUL character.
Take it out and send it again; nothing has been saved.</p></main></body></html>
"""
# What somebody who must choose a password may open, and who still owes a second factor: setting it
# up, and what leads there.
_CHOOSING = ("account_change_password", "account_logout", "preferences")
_TOO_LARGE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>This is too large for Muster</title></head>
<body><main><h1>This is too large for Muster</h1><p>What you sent is larger than this server takes;
nothing has been saved. Send a smaller file, or let it land in a folder or store.</p></main></body>
</html>
"""
_ON_THE_WAY = ("mfa_activate_totp", "account_reauthenticate", "account_logout", "preferences")
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


class RefuseNulMiddleware:
    """Answer 400 where an address or a form holds NUL, which no column of text can hold.

    The API refuses it itself, as a problem that names the place.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            if not request.path_info.startswith("/api/") and _holds_nul(request):
                return HttpResponseBadRequest(_NUL_PAGE)
        except RequestDataTooBig:
            return HttpResponse(_TOO_LARGE_PAGE, status=413)
        return self.get_response(request)


def _holds_nul(request: HttpRequest) -> bool:
    if "\x00" in request.path_info or _any_nul(request.GET):
        return True
    try:
        return request.content_type in _FORMS and _any_nul(request.POST)
    except UnreadablePostError:
        # The browser hung up; the check of the form's origin answers that quietly.
        return False


class LimitUploads(FileUploadHandler):
    """Refuse a form that announces more than may be uploaded before any of it is stored."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.MUSTER_UPLOAD_MB * 2**20:
            raise RequestDataTooBig("The form is larger than MUSTER_UPLOAD_MB")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def _any_nul(given: QueryDict) -> bool:
    return any("\x00" in text for name, texts in given.lists() for text in (name, *texts))


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


class OwedFirstMiddleware:
    """Lead somebody who owes a password of their own, or a second factor, there before all else.

    The API asks the same in `registry.authentication`: a redirect would tell a script nothing.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or request.path_info.startswith("/api/"):
            return None
        match = request.resolver_match
        if passwords.is_owed(request):
            if match and match.url_name in _CHOOSING:
                return None
            return HttpResponseRedirect(reverse("account_change_password"))
        if (match and match.url_name in _ON_THE_WAY) or not factors.is_owed(request):
            return None
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
