"""Talk to one MLflow server: requests, pages, downloads, and what can go wrong with them."""

import base64
import json
import time
from collections.abc import Callable, Iterator
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
_LEAST_PAGE = 50
# What an answer within the byte cap may still unfold to: each is some hundred bytes of memory.
_MAX_CONTAINERS = 250_000
_MAX_VALUES = 1_500_000


class Kind(StrEnum):
    """Why MLflow could not be read."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    REFUSED = "refused"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


class MlflowError(Exception):
    """MLflow could not be read; `kind` says why."""

    def __init__(self, message: str, kind: Kind) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def is_of_the_server(self) -> bool:
        """Say whether the whole server is in trouble, not only what was asked for."""
        return self.kind is Kind.UNREACHABLE


class OutOfTime(MlflowError):
    """The time for reading MLflow is over for now."""

    def __init__(self) -> None:
        super().__init__("The time for reading MLflow is over for now.", Kind.UNREACHABLE)


class Transport:
    """One server's address and credentials; its name is resolved once and kept to.

    `beat` is called before each request and while a file comes.
    """

    def __init__(
        self, server: MLflowServer, *, seconds: float, beat: Callable[[], None] = lambda: None
    ) -> None:
        self._end = time.monotonic() + seconds
        self._beat = beat
        self._root = server.origin.rstrip("/")
        self._ca = server.ca_certificate
        target = outbound.parse(self._root)
        self._allowed = (target.origin,)
        self._addresses: list[str] = []
        self._headers = {"Accept": "application/json"}
        if server.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = server.workspace
        if server.token:
            self._headers["Authorization"] = f"Bearer {server.token}"
        elif server.username:
            pair = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    @property
    def addresses(self) -> list[str]:
        """Return where the server's name leads to, asked for once."""
        if not self._addresses:
            try:
                self._addresses = outbound.locate(
                    self._root, allowed_origins=self._allowed, seconds=_SECONDS
                )
            except outbound.OutboundError as error:
                text = f"MLflow does not answer: {error}"
                raise MlflowError(text, Kind.UNREACHABLE) from error
        return self._addresses

    def allow(self, seconds: float) -> None:
        """Let requests begin for so many seconds from now at least."""
        self._end = max(self._end, time.monotonic() + seconds)

    def pages(
        self, place: str, name: str, *, max_results: int = 0, token: str = "", **parameters: Any
    ) -> Iterator[tuple[list[dict[str, Any]], str]]:
        """Yield a list page by page, each with the token of the next one."""
        seen = {token}
        while True:
            more: dict[str, Any] = {"page_token": token} if token else {}
            if max_results:
                more["max_results"] = max_results
            try:
                body = self.get(place, **parameters, **more)
            except MlflowError as error:
                # Long descriptions: fewer a page; the token is a place in the list, not a page.
                if error.kind is not Kind.TOO_LARGE or max_results // 4 < _LEAST_PAGE:
                    raise
                max_results //= 4
                continue
            # Follow the token, not the page: with access rules a page may be empty before the end.
            token = _token(body)
            if token in seen and token:
                text = "MLflow hands out the same page again and again."
                raise MlflowError(text, Kind.MALFORMED)
            yield objects(body.get(name)), token
            if not token:
                return
            if len(seen) >= _MAX_PAGES:
                text = f"MLflow's list does not end after {_MAX_PAGES} pages."
                raise MlflowError(text, Kind.MALFORMED)
            seen.add(token)

    def posted_pages(
        self, place: str, name: str, body: dict[str, Any]
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list that is asked for by POST; of long items fewer a page."""
        sent, seen = dict(body), set[str]()
        for _ in range(_MAX_PAGES):
            try:
                answer = self.call("POST", f"{API}{place}", sent)
            except MlflowError as error:
                if error.kind is not Kind.TOO_LARGE or sent["max_results"] < 2:
                    raise
                sent["max_results"] = max(sent["max_results"] // 4, 1)
                continue
            yield objects(answer.get(name))
            token = _token(answer)
            if not token:
                return
            if token in seen:
                text = "MLflow hands out the same page again and again."
                raise MlflowError(text, Kind.MALFORMED)
            seen.add(token)
            sent["page_token"] = token
        text = f"MLflow's list does not end after {_MAX_PAGES} pages."
        raise MlflowError(text, Kind.MALFORMED)

    def get(self, place: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a question."""
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return self.call("GET", f"{API}{place}{query}")

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send one request and return the JSON object that comes back."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._request(method, path, headers, sent)
        _check_size(answer.body)
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
        if time.monotonic() > self._end:
            raise OutOfTime
        self._beat()
        try:
            answer = outbound.request(
                method,
                self._root + path,
                headers=headers,
                body=body,
                allowed_origins=self._allowed,
                addresses=self.addresses,
                ca=self._ca,
                # A request that has begun gets its whole time: a slow server is not a short look.
                seconds=_SECONDS,
                max_bytes=max_bytes,
            )
        except outbound.OutboundError as error:
            raise _trouble(error) from error
        if answer.status != 200:
            raise _refusal(answer.status, answer.body)
        return answer

    def download(self, path: str, target: Path, max_bytes: int) -> tuple[int, str]:
        """Stream a file; return its size and SHA-256."""
        if time.monotonic() > self._end:
            raise OutOfTime
        self._beat()
        try:
            return outbound.download(
                self._root + path,
                target,
                headers=self._headers,
                allowed_origins=self._allowed,
                addresses=self.addresses,
                ca=self._ca,
                max_bytes=max_bytes,
                beat=self._beat,
            )
        except outbound.OutboundError as error:
            if error.status and error.status != 200:
                raise _refusal(error.status, b"") from error
            raise _trouble(error) from error


def _token(body: dict[str, Any]) -> str:
    token = body.get("next_page_token") or ""
    if not isinstance(token, str):
        raise MlflowError("MLflow's page token is no text.", Kind.MALFORMED)
    return token


def _trouble(error: outbound.OutboundError) -> MlflowError:
    kind = Kind.TOO_LARGE if error.too_large else Kind.UNREACHABLE
    return MlflowError(f"MLflow does not answer: {error}", kind)


def _check_size(body: bytes) -> None:
    """Refuse what would fill the memory once it is read, such as sixteen million brackets."""
    containers, values = body.count(b"{") + body.count(b"["), body.count(b",")
    if containers > _MAX_CONTAINERS or values > _MAX_VALUES:
        text = f"MLflow's answer is larger than it may be ({containers} objects, {values} values)."
        raise MlflowError(text, Kind.TOO_LARGE)


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
