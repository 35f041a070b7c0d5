"""Let allauth speak through Muster's one guarded client: a `requests` session without a socket.

allauth calls `requests`; everything it sends is taken over here, below its session, so that no
address is reached which `registry.outbound` would refuse, and no redirect is followed.
"""

from collections.abc import Mapping
from typing import Any

import requests
from django.conf import settings
from requests import RequestException
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from registry import outbound
from registry.outbound import OutboundError

__all__ = ["RequestException", "session"]  # no other module imports requests
_SECONDS = 5.0
_MAX_BYTES = 1_048_576


class GuardedTransport(BaseAdapter):  # type: ignore[misc]
    """Send what a session of `requests` prepared, and hand the answer back as it expects it."""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        body = request.body or b""
        try:
            answer = outbound.request(
                request.method or "GET",
                request.url or "",
                headers=_headers(request.headers),
                body=body.encode() if isinstance(body, str) else bytes(body),
                # The operator named the company's server: it may be on the inside.
                allowed_origins=[_origin(), *settings.MUSTER_ALLOWED_ORIGINS],
                seconds=_SECONDS,
                max_bytes=_MAX_BYTES,
            )
        except OutboundError as error:
            raise requests.ConnectionError(str(error), request=request) from error
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response._content = answer.body
        response.url, response.request = request.url or "", request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing is kept open."""


def session() -> requests.Session:
    """Return a session that knows no proxy, no redirect and no way around the guarded client."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.adapters.clear()
    for scheme in ("https://", "http://"):
        made.mount(scheme, GuardedTransport())
    return made


def _origin() -> str:
    return outbound.parse(settings.MUSTER_OIDC_ISSUER).origin


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    # The guarded client takes plain answers only and names itself.
    left_out = ("accept-encoding", "user-agent", "connection")
    pairs = ((name, v.decode() if isinstance(v, bytes) else str(v)) for name, v in given.items())
    return {name: value for name, value in pairs if name.lower() not in left_out}
