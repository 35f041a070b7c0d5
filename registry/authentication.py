"""Sign a request in to the API: by bearer token, or by the session of the pages."""

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from registry import actors, tokens
from registry.models import Person
from registry.sign_in import factors, passwords

_OWED = "You must set up a second factor first, on the page /account/app/."
_CHOOSE = "You must choose a password of your own first, on the page /account/password/."


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer muster_…`; a wrong or expired key is always a 401."""

    def authenticate(self, request: Request) -> tuple[Person, Any] | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = tokens.find(key.strip())
        if found is None:
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        actor = actors.of_token(found.token, request_id=getattr(request._request, "request_id", ""))
        actor.roles.of_fleet_are(found.fleet_roles)
        request._request.received_at = found.at  # type: ignore[attr-defined]
        request._request.actor = actor  # type: ignore[attr-defined]
        return found.token.person, found.token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="muster"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages, so that a person can open the API beside them."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            if passwords.is_owed(request._request):
                raise exceptions.PermissionDenied(_CHOOSE)
            if factors.is_owed(request._request):
                raise exceptions.PermissionDenied(_OWED)
            request._request.actor = actors.of_person(  # type: ignore[attr-defined]
                found[0], request_id=getattr(request._request, "request_id", "")
            )
        return found
