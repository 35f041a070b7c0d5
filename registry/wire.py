"""Sockets that obey one wall-clock deadline over all they do: resolve, connect, send, receive.

A time-out of a socket is per call, so a server that drips one byte a second never trips it; here
every call gets only what is left of the whole.
"""

import io
import math
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any

from registry import addresses

_SEND = 65_536


class DeadlinePassed(Exception):
    """The time for this request is over."""


class Deadline:
    """A point in monotonic time; `left()` raises when it has passed.

    With `stall`, one call may take no longer than that, however much time is left.
    """

    def __init__(self, seconds: float, *, stall: float = math.inf) -> None:
        self.seconds, self.stall = seconds, stall
        self._begin = time.monotonic()
        self._end = self._begin + seconds

    def left(self) -> float:
        """Return the seconds that are left for the next call, more than zero."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return min(left, self.stall)

    def passed(self) -> float:
        """Return the seconds that have gone by."""
        return time.monotonic() - self._begin

    def words(self) -> str:
        """Say which of the two limits was hit."""
        if self.passed() < self.seconds:
            return f"Nothing came for {self.stall:g} s."
        return f"No whole answer within {self.seconds:g} s."


class Wire:
    """What http.client needs of a socket, each call bounded by the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: Any) -> None:
        view = memoryview(data).cast("B")
        while view:
            self._sock.settimeout(self._deadline.left())
            view = view[self._call(self._sock.send, view[:_SEND]) :]

    def receive_into(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._call(self._sock.recv_into, buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Do nothing: http.client closes its socket as soon as it has the head of the answer."""

    def hang_up(self) -> None:
        """Close the connection for good."""
        self._sock.close()

    def _call(self, call: Any, argument: Any) -> int:
        try:
            return int(call(argument))
        except TimeoutError as error:
            raise DeadlinePassed from error


class _Reader(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(buffer)


def resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """Return the addresses of a host, each once, in the order the system prefers them."""
    if addresses.parse(host) is not None:
        return [host]
    found: list[str] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if str(place[0]) not in found:
                    found.append(str(place[0]))
        except Exception as error:  # an odd name fails as UnicodeError, not as OSError
            failed.append(error)

    # The system's resolver knows no time-out; a thread that is left behind ends by itself.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(deadline.left())
    if asking.is_alive():
        raise DeadlinePassed
    if failed or not found:
        cause = failed[0] if failed else None
        raise OSError(f"the name {host} cannot be resolved") from cause
    return found


def connect(
    found: Sequence[str], port: int, deadline: Deadline, *, tls: ssl.SSLContext | None, host: str
) -> Wire:
    """Connect to the first of these addresses that answers, with TLS for `host` if asked."""
    error: OSError | None = None
    for index, address in enumerate(found):
        try:
            # An address that swallows packets must leave time for the next one.
            seconds = deadline.left() / (len(found) - index)
            sock = socket.create_connection((address, port), timeout=seconds)
        except OSError as failure:
            error = failure
            continue
        try:
            sock.settimeout(deadline.left())
            return Wire(tls.wrap_socket(sock, server_hostname=host) if tls else sock, deadline)
        except TimeoutError as failure:
            sock.close()
            raise DeadlinePassed from failure
        except BaseException:
            sock.close()
            raise
    if isinstance(error, TimeoutError):
        raise DeadlinePassed from error
    raise error or OSError("there is no address to connect to")
