"""Ask a part whether it works yet."""

import http.client
import socket
import urllib.parse
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 3.0


def listens(port: int, *, greeting: bytes = b"") -> Callable[[], bool]:
    """Ready when something on this port accepts (and greets as expected)."""

    def check() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
                return not greeting or connection.recv(64).startswith(greeting)
        except OSError:
            return False

    return check


def listens_at(path: Path) -> Callable[[], bool]:
    """Ready when something accepts on this Unix socket."""

    def check() -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            try:
                connection.connect(str(path))
            except OSError:
                return False
            return True

    return check


def answers(url: str) -> Callable[[], bool]:
    """Ready when this http address answers anything but a server error."""
    parts = urllib.parse.urlsplit(url)

    def check() -> bool:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE * 5)
        try:
            connection.request("GET", parts.path or "/")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def accepts(url: str, token: str) -> bool:
    """Say whether Muster at this address takes the API token."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", "/api/v1/tokens/", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status != 401
    except (OSError, http.client.HTTPException):
        return True  # that is no answer about the token
    finally:
        connection.close()


def always() -> bool:
    """Ready as soon as it runs."""
    return True
