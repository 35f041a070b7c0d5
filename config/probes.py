"""Addresses that tell machines how Muster is: no sign-in, no names, no secrets."""

import hmac
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import metrics
from dashboard.queries import watcher

_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_REFUSED = (
    "Only this machine may read this. From elsewhere: set MUSTER_METRICS_TOKEN and send it as "
    "'Authorization: Bearer <token>'.\n"
)
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type=_TEXT)


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can serve: the database answers and has the tables of this code."""
    try:
        missing = _expected() - _applied()
    except DatabaseError:
        return _not_ready("the database does not answer")
    if missing:
        return _not_ready(f"{len(missing)} migrations are not applied")
    return HttpResponse("ok\n", content_type=_TEXT)


@never_cache
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """Say how long due work waits; 503 when something is due and nothing goes on."""
    if not _may_read(request):
        return HttpResponse(_REFUSED, status=403, content_type=_TEXT)
    try:
        found = watcher.as_json(watcher.look())
    except DatabaseError:
        found = {"ok": False, "fault": "the database does not answer"}
    return JsonResponse(found, status=200 if found["ok"] else 503)


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Tell Prometheus what is due, what states there are, and which invariants are broken."""
    if not _may_read(request):
        return HttpResponse(_REFUSED, status=403, content_type=_TEXT)
    try:
        text = metrics.render(watcher.look())
    except DatabaseError:
        return _not_ready("the database does not answer")
    return HttpResponse(text, content_type=_METRICS)


def _not_ready(why: str) -> HttpResponse:
    return HttpResponse(f"{why}\n", status=503, content_type=_TEXT)


@lru_cache(maxsize=1)
def _expected() -> frozenset[tuple[str, str]]:
    """Return the newest migrations of the code, which includes those before them."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())


def _applied() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def _may_read(request: HttpRequest) -> bool:
    """Let in who knows the token; without one, who asks from this machine and for nobody else."""
    token = settings.MUSTER_METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _FORWARDED):
        return False  # a proxy on this machine asks for somebody elsewhere
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
