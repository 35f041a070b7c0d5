"""Talk to one MLflow server: requests, pages, downloads, and what can go wrong with them."""

import base64
import json
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from registry import outbound
from registry.mlflow import records
from registry.mlflow.records import Malformed
from registry.models import MLflowServer

API = "/api/2.0/mlflow/"
_SECONDS = 10.0
_MAX_PAGES = 50


class Kind(StrEnum):
    """Why MLflow could not be read."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    REFUSED = "refused"
    MALFORMED = "malformed"


class MlflowError(Exception):
    """MLflow could not be read; `kind` says why."""

    def __init__(self, message: str, kind: Kind) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def is_of_the_server(self) -> bool:
        """Say whether the whole server is in trouble, not only what was asked for."""
        return self.kind is Kind.UNREACHABLE


class Transport:
    """One server's address and credentials."""

    def __init__(self, server: MLflowServer, *, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._root = server.origin.rstrip("/")
        target = outbound.parse(self._root)
        self._allowed = (target.origin,)
        self._headers = {"Accept": "application/json"}
        if server.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = server.workspace
        if server.token:
            self._headers["Authorization"] = f"Bearer {server.token}"
        elif server.username:
            pair = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    def pages(self, place: str, name: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the objects of a list, page by page."""
        seen: set[str] = set()
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            body = self.get(place, **parameters, **more)
            yield from objects(body.get(name))
            # Follow the token, not the page: with access rules a page may be empty before the end.
            token = records.text(body.get("next_page_token"))
            if not token:
                return
            if token in seen or len(seen) >= _MAX_PAGES:
                raise MlflowError("MLflow hands out the same page again and again.", Kind.MALFORMED)
            seen.add(token)

    def get(self, place: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a question."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.call("GET", f"{API}{place}{query}")

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send one request and return the JSON object that comes back."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._request(method, path, headers, sent)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise MlflowError(_no_json(answer), Kind.MALFORMED) from error
        if not isinstance(found, dict):
            raise MlflowError("MLflow's answer is no JSON object.", Kind.MALFORMED)
        return found

    def read(self, path: str, max_bytes: int) -> bytes:
        """Return a small file."""
        return self._request("GET", path, self._headers, b"", max_bytes).body

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        max_bytes: int = outbound.MAX_BYTES,
    ) -> outbound.Answer:
        left = self._end - time.monotonic()
        if left <= 0:
            raise MlflowError("MLflow is too slow to be read to the end.", Kind.UNREACHABLE)
        try:
            answer = outbound.request(
                method,
                self._root + path,
                headers=headers,
                body=body,
                allowed_origins=self._allowed,
                seconds=min(_SECONDS, left),
                max_bytes=max_bytes,
            )
        except outbound.OutboundError as error:
            raise MlflowError(f"MLflow does not answer: {error}", Kind.UNREACHABLE) from error
        if answer.status != 200:
            raise _refusal(answer.status, answer.body)
        return answer

    def download(self, path: str, target: Path, max_bytes: int) -> tuple[int, str]:
        """Stream a file; return its size and SHA-256."""
        try:
            return outbound.download(
                self._root + path,
                target,
                headers=self._headers,
                allowed_origins=self._allowed,
                max_bytes=max_bytes,
            )
        except outbound.OutboundError as error:
            if error.status and error.status != 200:
                raise _refusal(error.status, b"") from error
            raise MlflowError(f"MLflow does not answer: {error}", Kind.UNREACHABLE) from error


def objects(items: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, or raise MlflowError when it is none."""
    try:
        return list(records.objects(items))
    except Malformed as error:
        text = f"MLflow's answer makes no sense: {error}."
        raise MlflowError(text, Kind.MALFORMED) from error


def _no_json(answer: outbound.Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    hint = (
        " Is this the address of MLflow, or of a sign-in page before it?" if "html" in kind else ""
    )
    return f"MLflow's answer is {kind[:60] or 'something'} instead of JSON.{hint}"


def _refusal(status: int, body: bytes) -> MlflowError:
    said = body[:2000].decode(errors="replace")
    try:
        message = json.loads(said)["message"]
    except (ValueError, KeyError, TypeError):
        message = said.strip().splitlines()[0] if said.strip() and "<" not in said else ""
    message = records.text(str(message), 300)
    if "Invalid Host header" in said:
        remedy = "start MLflow with --allowed-hosts naming the host that Muster calls it by"
        return MlflowError(f"MLflow refuses the host name it is called by: {remedy}.", Kind.REFUSED)
    if status in (401, 403):
        return MlflowError(f"MLflow denies access ({status}): {message}", Kind.DENIED)
    if status == 404:
        return MlflowError(f"MLflow does not know this: {message}", Kind.MISSING)
    if 300 <= status < 400:
        text = f"MLflow answers with a redirect ({status}), which is not followed."
        return MlflowError(text, Kind.REFUSED)
    kind = Kind.UNREACHABLE if status >= 500 or status == 429 else Kind.REFUSED
    return MlflowError(f"MLflow answers {status}: {message}", kind)
