"""The little of Muster's REST API that a training job needs, with the standard library alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

ATTEMPTS = 5
PASSING = (429, 502, 503, 504)


class MusterRefused(Exception):
    """Muster did not accept a request."""


@dataclass
class Muster:
    """One Muster server and a token for it."""

    url: str
    token: str
    seconds: float = 30.0
    written: dict[str, int] = field(default_factory=lambda: {"created": 0, "known": 0})

    def put(self, *path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create or update the object at this path; what the body leaves out is kept."""
        status, answer = self._send("PUT", self._address(path), body)
        self.written["created" if status == 201 else "known"] += 1
        return answer

    def get(self, *path: str, **query: str) -> dict[str, Any]:
        """Read one object."""
        asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        return self._send("GET", self._address(path) + (f"?{asked}" if asked else ""), None)[1]

    def every(self, *path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Read a list, page after page."""
        page = self.get(*path, **{"limit": "500", **query})
        while True:
            yield from page["results"]
            if not page.get("next"):
                return
            # Only path and query are taken: the token goes to no other host than the given one.
            there = urlsplit(page["next"])
            page = self._send("GET", f"{there.path}?{there.query}", None)[1]

    def _address(self, path: tuple[str, ...]) -> str:
        return "/api/v1/" + "".join(f"{quote(part, safe='@')}/" for part in path)

    def _send(
        self, method: str, address: str, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise MusterRefused(f"{self.url} is no http address")
        request = Request(  # noqa: S310 - the scheme was looked at
            self.url.rstrip("/") + address,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with urlopen(request, timeout=self.seconds) as response:  # noqa: S310
                    return response.status, json.loads(response.read() or b"{}")
            except HTTPError as error:
                if error.code not in PASSING or attempt == ATTEMPTS:
                    raise MusterRefused(_explain(method, address, error)) from error
                pause = error.headers.get("Retry-After", "")
                time.sleep(float(pause) if pause.isdigit() else attempt)
            except (URLError, TimeoutError, ConnectionError) as error:
                if attempt == ATTEMPTS:
                    raise MusterRefused(f"{self.url} does not answer: {error}") from error
                time.sleep(attempt)
        raise MusterRefused(f"{method} {address} was tried {ATTEMPTS} times")


def _explain(method: str, address: str, error: HTTPError) -> str:
    """Say in one line per field what Muster found wrong."""
    text = error.read().decode(errors="replace")
    try:
        problem = json.loads(text)
    except ValueError:
        return f"{method} {address}: {error.code} {text[:300]}"
    lines = [f"{method} {address}: {error.code} {problem.get('detail') or problem.get('title')}"]
    for found in problem.get("errors", []):
        lines.append(f"  {found.get('pointer')}: {found.get('detail')} {found.get('fix') or ''}")
    return "\n".join(line.rstrip() for line in lines)
