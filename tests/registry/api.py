"""Call the API as somebody, the way a script does."""

from typing import Any

from django.test import Client

from registry.models import Person
from tests.cast import bearer

ROOT = "/api/v1/"


class Caller:
    """A client that signs in with a bearer token and speaks JSON."""

    def __init__(self, who: Person, **limits: Any) -> None:
        self.client = Client(raise_request_exception=True)
        self.headers = bearer(who, **limits)

    def __getattr__(self, method: str) -> Any:
        def call(address: str, body: Any = None, **given: str) -> Any:
            address = address if address.startswith("/") else ROOT + address
            sent = {} if body is None else {"data": body, "content_type": "application/json"}
            headers = self.headers | {name.replace("_", "-"): text for name, text in given.items()}
            return getattr(self.client, method)(address, headers=headers, **sent)

        return call


def pointers(response: Any) -> list[str]:
    """Return which fields a 400 names, after checking that it is a problem."""
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    return sorted(error["pointer"] for error in response.json()["errors"])
