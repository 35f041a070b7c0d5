"""Choose ports, and keep them from one start to the next."""

import secrets
import socket


def is_free(port: int) -> bool:
    """Tell whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a port nobody listens on.

    Below 32768, where Linux does not take local ports for outgoing connections from: a port that
    is remembered for the next start must not be lost to a passing client.
    """
    for _ in range(200):
        port = 20_000 + secrets.randbelow(12_000)
        if is_free(port):
            return port
    raise OSError("no free port between 20000 and 32000 on 127.0.0.1")


def first_free(start: int, *, tries: int = 50) -> int:
    """Return the first free port from `start` upwards."""
    for port in range(start, start + tries):
        if is_free(port):
            return port
    return free_port()
