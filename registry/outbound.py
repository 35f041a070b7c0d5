"""The one HTTP client for everything that goes out: MLflow, webhooks, downloads.

It resolves a name once and connects to that very address, refuses addresses that are not public
unless their exact origin is allowed, follows no redirect, knows no proxy, and ends by the wall
clock and by a byte cap, however slowly or endlessly the other side talks.
"""

import hashlib
import http.client
import os
import re
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from registry import addresses
from registry.wire import Deadline, DeadlinePassed, Wire, connect, resolve

MAX_BYTES = 16_777_216
_CHUNK = 65_536
_PORTS = {"http": 80, "https": 443}
_TLS = ssl.create_default_context()


class OutboundError(Exception):
    """The other side could not be reached or did not answer as it should.

    `permanent` says that trying again will not help; `status` is set when there was an answer.
    """

    def __init__(self, message: str, permanent: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What came back; a redirect is an answer like any other. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Target:
    """Where a request goes, taken apart once so that check and connection cannot differ."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse(url: str) -> Target:
    """Take an address apart or raise OutboundError; what is ambiguous is refused."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise OutboundError("The address holds a space, a control character or a backslash.", True)
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise OutboundError(f"The address cannot be read: {error}.", True) from error
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise OutboundError("The address must be http(s)://host without credentials.", True)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise OutboundError("The address must be percent-encoded.", True)
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    allowed_origins: Collection[str] = (),
    seconds: float = 10.0,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Send one request and return the whole answer, or raise OutboundError."""
    deadline = Deadline(seconds)
    with _open(method, url, headers or {}, body, allowed_origins, deadline) as response:
        pieces = list(_pieces(response, max_bytes))
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, b"".join(pieces))


def download(
    url: str,
    path: Path,
    *,
    headers: Mapping[str, str] | None = None,
    allowed_origins: Collection[str] = (),
    seconds: float = 120.0,
    max_bytes: int = 1_073_741_824,
) -> tuple[int, str]:
    """Stream an answer to a file; return its size and SHA-256. Half a file is never left."""
    deadline, digest, size = Deadline(seconds), hashlib.sha256(), 0
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _open("GET", url, headers or {}, b"", allowed_origins, deadline) as response:
            if response.status != 200:
                text = f"The answer was {response.status} instead of the file."
                raise OutboundError(text, status=response.status)
            with aside.open("wb") as file:
                for piece in _pieces(response, max_bytes):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return size, digest.hexdigest()


@contextmanager
def _open(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allowed_origins: Collection[str],
    deadline: Deadline,
) -> Iterator[http.client.HTTPResponse]:
    target = parse(url)
    connection = http.client.HTTPConnection(target.host, target.port)
    if target.port == _PORTS[target.scheme]:
        connection.port = connection.default_port = target.port  # keeps ":443" out of Host
    wire = None
    try:
        connection.sock = wire = _wire(target, allowed_origins, deadline)
        sent = {"Accept-Encoding": "identity", "User-Agent": "muster", **headers}
        connection.request(method, target.path, body=body or None, headers=sent)
        response = connection.getresponse()
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise OutboundError("The answer is compressed although that was not asked for.")
        yield response
    except DeadlinePassed as error:
        raise OutboundError(f"No whole answer within {deadline.seconds:g} s.") from error
    except (OSError, http.client.HTTPException) as error:
        raise OutboundError(f"{target.origin}: {_words(error)}") from error
    except ValueError as error:
        raise OutboundError(f"The request cannot be sent: {error}.", True) from error
    finally:
        if wire is not None:
            wire.hang_up()


def _wire(target: Target, allowed_origins: Collection[str], deadline: Deadline) -> Wire:
    found = resolve(target.host, target.port, deadline)
    if target.origin not in {parse(origin).origin for origin in allowed_origins}:
        # All of them, not only the one that would be used: a name that also points inside is
        # not one to talk to.
        inside = [text for text in found if not _is_public(text)]
        if inside:
            text = f"{target.origin} is not public ({inside[0]}) and not among the allowed origins."
            raise OutboundError(text, True)
    tls = _TLS if target.scheme == "https" else None
    return connect(found, target.port, deadline, tls=tls, host=target.host)


def _is_public(text: str) -> bool:
    address = addresses.parse(text)
    return address is not None and addresses.is_public(address)


def _pieces(response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    left = max_bytes
    if (response.length or 0) > max_bytes:
        raise _too_large(max_bytes, response.status)
    while piece := response.read(min(_CHUNK, left + 1)):
        left -= len(piece)
        if left < 0:
            raise _too_large(max_bytes, response.status)
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def _too_large(max_bytes: int, status: int) -> OutboundError:
    return OutboundError(f"The answer is larger than {max_bytes} bytes.", status=status)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer broke off"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__
