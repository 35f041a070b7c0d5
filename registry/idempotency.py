"""Do a POST with an Idempotency-Key once, and answer its repetitions as the first time.

The change and the note of its answer are one transaction: a process that dies between them leaves
neither, and the next repetition does the work. What changed nothing (a 4xx) is forgotten at once.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from registry import problems
from registry.models import ApiToken, IdempotentRequest
from registry.problems import invalid

KEPT = timedelta(hours=24)
LONGEST = 255
_LEASE = timedelta(seconds=60)
_HEADERS = ("Location", "ETag")


class AnotherBody(exceptions.APIException):
    """This Idempotency-Key was sent with another request or token; use a new key for a new one."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = str(__doc__)


class InFlight(exceptions.APIException):
    """The first request with this Idempotency-Key is still being worked on; ask again soon."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = str(__doc__)
    wait = 2


@dataclass(frozen=True)
class _Asked:
    key: str
    address: str
    digest: str


def once(request: Request, act: Callable[[], Any], *, at: datetime) -> Any:
    """Return what `act` answers, or what it answered to the same key before."""
    asked = _asked(request)
    token = request.auth if isinstance(request.auth, ApiToken) else None
    IdempotentRequest.objects.filter(created_at__lt=at - KEPT).delete()
    row, new = IdempotentRequest.objects.get_or_create(
        person_id=int(request.user.pk or 0),
        key=asked.key,
        defaults={
            "token": token,
            "address": asked.address,
            "body_digest": asked.digest,
            "created_at": at,
            "lease_until": at + _LEASE,
        },
    )
    if not new:
        # What a wider token was answered, a new key above all, is not for a narrower one.
        same = row.token_id == (token.pk if token else None)
        if not same or (row.address, row.body_digest) != (asked.address, asked.digest):
            raise AnotherBody(AnotherBody.__doc__)
        if row.status is not None:
            return _replay(row)
        _take_over(row, at=at)
    return _first(request, row, act)


def _first(request: Request, row: IdempotentRequest, act: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            # Who took over from us must not find the work done twice.
            mine = IdempotentRequest.objects.select_for_update().filter(
                pk=row.pk, lease_until=row.lease_until
            )
            if not mine.exists():
                raise InFlight(InFlight.__doc__)
            response = act()
            _keep(row, response)
    except (problems.Invalid, exceptions.APIException):
        IdempotentRequest.objects.filter(pk=row.pk, lease_until=row.lease_until).delete()
        raise
    except Exception as error:
        told = problems.problem_handler(error, {"request": request})
        if told is not None and told.status_code < 500:
            IdempotentRequest.objects.filter(pk=row.pk, lease_until=row.lease_until).delete()
        elif told is not None:
            _keep(row, told)
        else:
            body = problems.broken(request)
            _keep(row, Response(body, status=500, content_type=problems.MEDIA_TYPE))
        raise
    if response.status_code >= 400:
        IdempotentRequest.objects.filter(pk=row.pk).delete()
    return response


def _asked(request: Request) -> _Asked:
    key = request.headers["Idempotency-Key"]
    if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        fix = f"1 to {LONGEST} printable ASCII characters, such as a UUID"
        raise invalid("/Idempotency-Key", "invalid", "this cannot be a key", fix)
    address = f"{request.method} {request.get_full_path()}"[:500]
    return _Asked(key, address, _digest(request.data))


def _digest(data: Any) -> str:
    if digest := getattr(data, "digest", ""):
        return str(digest)  # a file that is streamed to storage
    # Bytes, where a small file is sent.
    sent = data if isinstance(data, bytes) else json.dumps(data, sort_keys=True).encode()
    return hashlib.sha256(sent).hexdigest()


def _take_over(row: IdempotentRequest, *, at: datetime) -> None:
    """Go on for a process that died; whoever is still within its time is waited for."""
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    until = at + _LEASE
    mine = IdempotentRequest.objects.filter(free, pk=row.pk, status=None).update(lease_until=until)
    if not mine:
        raise InFlight(InFlight.__doc__)
    row.lease_until = until


def _keep(row: IdempotentRequest, answer: Response) -> None:
    row.status = answer.status_code
    row.body = "" if answer.data is None else JSONRenderer().render(answer.data).decode()
    row.headers = {name: answer[name] for name in _HEADERS if name in answer}
    row.headers["Content-Type"] = answer.content_type or "application/json"
    row.save(update_fields=["status", "body", "headers"])


def _replay(row: IdempotentRequest) -> HttpResponse:
    plain = HttpResponse(row.body, status=row.status)
    for name, value in row.headers.items():
        plain[name] = value
    plain["Idempotent-Replayed"] = "true"
    return plain
