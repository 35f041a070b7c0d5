"""Write the MLflow servers that Muster reads; only a platform admin makes an origin."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError

from registry import access, audit, bodies, inputs
from registry.access import Right
from registry.actors import Actor
from registry.catalogue.races import upsert
from registry.models import MLflowServer
from registry.problems import invalid
from registry.slugs import slug_of

_PLAIN = ("origin", "workspace", "username", "ca_certificate")
_SECRET = ("password", "token", "webhook_secret")
# What a sweep under way with the old ones must not write any more.
_CONNECTION = ("origin", "workspace", "username", "password", "token", "ca_certificate")

_ANEW = ("lease_token", "lease_until", "progress", "failures", "breaker_until")


def put_server(actor: Actor, slug: str, data: Any, *, at: datetime) -> tuple[MLflowServer, bool]:
    """Make an MLflow server or change the known one; it is read anew at once."""
    try:
        return _put_server(actor, slug, data, at=at)
    except IntegrityError as error:
        detail = "another server has this origin and workspace"
        raise invalid(
            "/origin", "taken", detail, "change that server, or name another workspace"
        ) from error


@upsert
def _put_server(actor: Actor, slug: str, data: Any, *, at: datetime) -> tuple[MLflowServer, bool]:
    access.require(actor, Right.MANAGE_PLATFORM, None)
    body = bodies.parse(inputs.ServerBody, data)
    slug_of(slug, longest=60)
    server = MLflowServer.objects.select_for_update().filter(slug=slug).first()
    created = server is None
    if server is None:
        if not body.origin:
            fix = 'send {"origin": "https://mlflow.example.com"}'
            raise invalid("/origin", "required", "a new server needs its address", fix)
        server = MLflowServer(slug=slug)
    before = {field: getattr(server, field) for field in _PLAIN}
    given = body.given()
    if not created and "origin" in given and given["origin"] != server.origin:
        # Credentials for the old address must never travel to a new one by themselves.
        given = {"username": "", "password": None, "token": None} | given
    changed = [
        f for f in (*_PLAIN, *_SECRET) if f in given and getattr(server, f) != (given[f] or "")
    ]
    for field in changed:
        setattr(server, field, given[field] or "")
    if not changed and not created:
        return server, False
    server.next_sweep_at = at
    if not created and set(changed) & set(_CONNECTION):
        _begin_anew(server)
    server.save(update_fields=None if created else [*changed, "next_sweep_at", *_ANEW])
    after = {field: getattr(server, field) for field in _PLAIN}
    after |= {field: "changed" for field in changed if field in _SECRET}
    audit.record(
        actor,
        "server.added" if created else "server.changed",
        server,
        at=at,
        before=None if created else before,
        after=after,
        reason=body.change_reason,
    )
    return server, created


def _begin_anew(server: MLflowServer) -> None:
    """Fence off who reads it the old way, and give the new way its first try."""
    server.lease_token, server.lease_until = server.lease_token + 1, None
    server.progress, server.failures, server.breaker_until = {}, 0, None
