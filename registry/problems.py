"""Answer errors of the API as RFC 9457 problems that name the field and the remedy."""

import logging
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

from registry.access import NotAllowed

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
_BY_DETAIL = "write what the detail asks for"


@dataclass(frozen=True)
class FieldError:
    """One thing wrong in a body: where (a JSON pointer), a code, what, and how to mend it."""

    pointer: str
    code: str
    detail: str
    fix: str = ""


class Invalid(Exception):
    """The request cannot be accepted as it is."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.detail}" for error in errors))
        self.errors = errors


def invalid(pointer: str, code: str, detail: str, fix: str = "") -> Invalid:
    """Shorthand for an Invalid with one field error."""
    return Invalid(FieldError(pointer, code, detail, fix))


def unknown_person(pointer: str, email: str) -> FieldError:
    """Say that a body names somebody whom its sender does not see, or who is not there."""
    detail = f"nobody whom you see has the address '{email[:80]}'"
    fix = f"GET /api/v1/people/?q={email.partition('@')[0][:40]} finds people"
    return FieldError(pointer, "unknown_person", detail, fix)


def problem(
    request: Any, code: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()
) -> Response:
    """Build the problem+json answer."""
    body = as_json(request, code, title, detail, errors)
    return Response(body, status=code, content_type=MEDIA_TYPE)


def as_json(
    request: Any, code: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()
) -> dict[str, Any]:
    """Return the body of a problem."""
    return {
        "type": f"/api/docs/#problem-{code}",
        "title": title,
        "status": code,
        "detail": detail,
        "instance": request.path,
        "request_id": getattr(getattr(request, "_request", request), "request_id", ""),
        "errors": [vars(error) for error in errors],
    }


def broken(request: Any) -> dict[str, Any]:
    """Return the problem that tells of a fault of our own, and nothing about it."""
    detail = "Muster failed to answer; the log says why under this request_id."
    return as_json(request, 500, "Internal server error", detail)


def _flatten(detail: Any, pointer: str = "") -> list[FieldError]:
    if isinstance(detail, dict):
        return [e for key, value in detail.items() for e in _flatten(value, f"{pointer}/{key}")]
    if isinstance(detail, list):
        nested = any(isinstance(item, dict | list) for item in detail)
        return [
            error
            for index, item in enumerate(detail)
            for error in _flatten(item, f"{pointer}/{index}" if nested else pointer)
        ]
    return [FieldError(pointer or "/", getattr(detail, "code", "invalid"), str(detail), _BY_DETAIL)]


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn anticipated errors into problems; anything else stays a 500 and is logged."""
    request = context["request"]
    if isinstance(error, Invalid):
        count = len(error.errors)
        detail = f"{count} fields need attention" if count > 1 else "1 field needs attention"
        return problem(request, 400, "Request is not valid", detail, error.errors)
    if isinstance(error, exceptions.ValidationError):
        errors = tuple(_flatten(error.detail))
        return problem(request, 400, "Request is not valid", "See errors", errors)
    if isinstance(error, Http404):
        return problem(request, 404, "Not found", "There is nothing here that you may see.")
    if isinstance(error, NotAllowed | PermissionDenied):
        return problem(request, 403, "Not allowed", str(error))
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("The database does not answer: %s", error)
        detail = "The database does not answer at the moment; nothing was changed."
        response = problem(request, 503, "Service unavailable", detail)
        response["Retry-After"] = "5"
        return response
    if isinstance(error, exceptions.UnsupportedMediaType):
        view = context["view"]
        taken = " or ".join(parser.media_type for parser in view.parser_classes)
        fault = FieldError(
            "/Content-Type", "unsupported", str(error.detail), f"send Content-Type: {taken}"
        )
        return problem(request, 415, status_title(415), str(error.detail), (fault,))
    if isinstance(error, exceptions.APIException):
        title = status_title(error.status_code)
        response = problem(request, error.status_code, title, str(error.detail))
        response.data |= getattr(error, "members", {})
        if header := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = header
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(int(wait))
        return response
    return None


def status_title(code: int) -> str:
    """Return the phrase for a status code."""
    names = {value: name for name, value in vars(status).items() if name.startswith("HTTP_")}
    return names.get(code, "HTTP_").split("_", 2)[-1].replace("_", " ").capitalize()
