"""Answer with ETags and hold a write to the one it was made from.

A tag is computed from the whole answer of GET. One of a part of it (`?fields=`) carries the same
beginning, so that whoever read a part can say which whole it belonged to.
"""

import hashlib
from typing import Any

from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

_STAR = "*"


class Unmatched(exceptions.APIException):
    """What the caller knows is not what is there now."""

    status_code = status.HTTP_412_PRECONDITION_FAILED

    def __init__(self, given: str, current: Any) -> None:
        there = "there is something already" if given == _STAR else "somebody changed it since"
        what = there if current is not None else "there is nothing here"
        super().__init__(f"{what}; nothing was written. Look at `current`, then send its ETag.")
        tag = None if current is None else etag(current)
        self.members = {"given_etag": given, "current_etag": tag, "current": current}


class MatchRequired(exceptions.APIException):
    """A change here must say which state it was made from."""

    status_code = 428

    def __init__(self, current: Any) -> None:
        tag = etag(current)
        super().__init__(f"A change here needs If-Match with the ETag it was made from, now {tag}.")
        self.members = {"current_etag": tag, "current": current}


def etag(data: Any, shape: str = "") -> str:
    """Return the strong tag of an answer, and of a part of it when `shape` says which."""
    whole = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]
    part = "-" + hashlib.sha256(shape.encode()).hexdigest()[:8] if shape else ""
    return f'"{whole}{part}"'


def names(header: str, tag: str) -> bool:
    """Say whether an If-None-Match names exactly this tag."""
    return header.strip() == _STAR or tag in _tags(header)


def given(request: Request) -> bool:
    """Say whether a write depends on what is there."""
    return "If-Match" in request.headers or "If-None-Match" in request.headers


def check(request: Request, current: Any) -> None:
    """Raise Unmatched when what is there (None: nothing) is not what the caller asks for."""
    wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is not None and (current is None or not _matches(wanted, etag(current))):
        raise Unmatched(wanted, current)
    if unwanted is not None and current is not None and _matches(unwanted, etag(current)):
        raise Unmatched(unwanted, current)


def _matches(header: str, tag: str) -> bool:
    # The tag of a part counts for the whole that it was taken from.
    wholes = {given.strip('"').partition("-")[0] for given in _tags(header)}
    return header.strip() == _STAR or tag.strip('"') in wholes


def _tags(header: str) -> list[str]:
    # A weak tag (`W/"…"`) never equals a strong one, so it stays as it is.
    return [part.strip() for part in header.split(",")]
