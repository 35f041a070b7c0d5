"""Sign a request in to the API: by bearer token, or by the session of the pages."""

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from registry import actors, clock, tokens
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
        at = clock.now()
        token = tokens.find(key.strip(), at=at)
        if token is None:
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        request._request.received_at = at  # type: ignore[attr-defined]
        request._request.actor = actors.of_token(  # type: ignore[attr-defined]
            token, request_id=getattr(request._request, "request_id", "")
        )
        return token.person, token

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
