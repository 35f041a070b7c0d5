"""The one HTTP client for everything that goes out: MLflow, webhooks, downloads.

It resolves a name once and connects to that very address, refuses addresses that are not public
unless their exact origin is allowed, follows no redirect, knows no proxy, and ends by the wall
clock and by a byte cap, however slowly or endlessly the other side talks.
"""

import hashlib
import http.client
import io
import os
import re
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from registry import addresses
from registry.wire import Deadline, DeadlinePassed, Wire, connect, resolve

MAX_BYTES = 16_777_216
_CHUNK = 65_536
_PORTS = {"http": 80, "https": 443}
_STALL_SECONDS = 10.0
_SLOWEST = 4096  # bytes a second, once a download had time to begin


class OutboundError(Exception):
    """The other side could not be reached or did not answer as it should.

    `permanent` says that trying again will not help; `status` is set when there was an answer,
    and `too_large` when it was one beyond the cap. `unsent` says that no byte of the request left.
    """

    def __init__(
        self,
        message: str,
        permanent: bool = False,
        status: int | None = None,
        too_large: bool = False,
        unsent: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.status = status
        self.too_large = too_large
        self.unsent = unsent


@dataclass(frozen=True)
class Way:
    """How a target may be reached: by which allowed origin, which addresses, whose certificate.

    `addresses` were resolved before and are not asked for again; `ca` is PEM text that replaces
    the certificate authorities of the system.
    """

    allowed_origins: Collection[str] = ()
    addresses: Sequence[str] = ()
    ca: str = ""


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
    addresses: Sequence[str] = (),
    ca: str = "",
    seconds: float = 10.0,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Send one request and return the whole answer, or raise OutboundError."""
    way = Way(allowed_origins, addresses, ca)
    whole = io.BytesIO()
    with _open(method, url, headers or {}, body, way, Deadline(seconds)) as response:
        for piece in _pieces(response, max_bytes):
            whole.write(piece)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, whole.getvalue())


def download(
    url: str,
    path: Path,
    *,
    headers: Mapping[str, str] | None = None,
    allowed_origins: Collection[str] = (),
    addresses: Sequence[str] = (),
    ca: str = "",
    seconds: float = 120.0,
    max_bytes: int = 1_073_741_824,
    beat: Callable[[], None] = lambda: None,
) -> tuple[int, str]:
    """Stream an answer to a file; return its size and SHA-256. Half a file is never left.

    `beat` is called whenever something came; what stalls or only drips is left after 10 s.
    """
    deadline = Deadline(seconds, stall=_STALL_SECONDS)
    way, digest, size = Way(allowed_origins, addresses, ca), hashlib.sha256(), 0
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _open("GET", url, headers or {}, b"", way, deadline) as response:
            if response.status != 200:
                text = f"The answer was {response.status} instead of the file."
                raise OutboundError(text, status=response.status)
            with aside.open("wb") as file:
                for piece in _pieces(response, max_bytes):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                    if (passed := deadline.passed()) > _STALL_SECONDS and size < _SLOWEST * passed:
                        raise OutboundError("The file comes too slowly.")
                    beat()
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return size, digest.hexdigest()


def locate(url: str, *, allowed_origins: Collection[str] = (), seconds: float = 10.0) -> list[str]:
    """Return the addresses that a request to `url` may go to, or raise OutboundError."""
    deadline = Deadline(seconds)
    with _told(parse(url), deadline):
        return _addresses(parse(url), Way(allowed_origins), deadline)


@contextmanager
def _open(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    way: Way,
    deadline: Deadline,
) -> Iterator[http.client.HTTPResponse]:
    target = parse(url)
    connection = http.client.HTTPConnection(target.host, target.port)
    if target.port == _PORTS[target.scheme]:
        connection.port = connection.default_port = target.port  # keeps ":443" out of Host
    wire = None
    try:
        try:
            with _told(target, deadline):
                connection.sock = wire = _wire(target, way, deadline)
        except OutboundError as error:
            error.unsent = True
            raise
        with _told(target, deadline):
            sent = {"Accept-Encoding": "identity", "User-Agent": "muster", **headers}
            connection.request(method, target.path, body=body or None, headers=sent)
            response = connection.getresponse()
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise OutboundError("The answer is compressed although that was not asked for.")
            yield response
    finally:
        if wire is not None:
            wire.hang_up()


@contextmanager
def _told(target: Target, deadline: Deadline) -> Iterator[None]:
    """Turn all that can go wrong on the way into OutboundError."""
    try:
        yield
    except DeadlinePassed as error:
        raise OutboundError(deadline.words()) from error
    except (OSError, http.client.HTTPException) as error:
        raise OutboundError(f"{target.origin}: {_words(error)}") from error
    except ValueError as error:
        # Its text quotes what cannot be sent, and that may be a secret.
        text = "The request cannot be sent: an address or a header holds what may not stand there."
        raise OutboundError(text, True) from error


def _addresses(target: Target, way: Way, deadline: Deadline) -> list[str]:
    found = list(way.addresses) or resolve(target.host, target.port, deadline)
    if never := [text for text in found if addresses.is_never_reached(text)]:
        text = f"{target.origin} leads to {never[0]}, where nothing but the machine's own cloud is."
        raise OutboundError(text, True)
    if target.origin not in {parse(origin).origin for origin in way.allowed_origins}:
        # All of them, not only the one that would be used: a name that also points inside is
        # not one to talk to.
        inside = [text for text in found if not _is_public(text)]
        if inside:
            text = f"{target.origin} is not public ({inside[0]}) and not among the allowed origins."
            raise OutboundError(text, True)
    return found


def _wire(target: Target, way: Way, deadline: Deadline) -> Wire:
    found = _addresses(target, way, deadline)
    tls = _tls(way.ca) if target.scheme == "https" else None
    return connect(found, target.port, deadline, tls=tls, host=target.host)


@lru_cache(maxsize=32)
def _tls(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError, TypeError) as error:  # TypeError: not ASCII
        raise OutboundError("The CA certificate cannot be read as PEM.", True) from error


def check_ca(ca: str) -> None:
    """Raise OutboundError unless `ca` is PEM text with at least one certificate."""
    if not _tls(ca).cert_store_stats()["x509"]:
        raise OutboundError("The text holds no certificate.", True)


def _is_public(text: str) -> bool:
    address = addresses.parse(text)
    return address is not None and addresses.is_public(address)


def _pieces(response: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    left = max_bytes
    if (response.length or 0) > max_bytes:
        raise _too_large(max_bytes, response.status)
    # `read1` hands over what is there, so that somebody may count how slowly it comes.
    while piece := response.read1(min(_CHUNK, left + 1)):
        left -= len(piece)
        if left < 0:
            raise _too_large(max_bytes, response.status)
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def _too_large(max_bytes: int, status: int) -> OutboundError:
    text = f"The answer is larger than {max_bytes} bytes."
    return OutboundError(text, status=status, too_large=True)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer broke off"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__
