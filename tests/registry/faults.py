"""A server that misbehaves on demand, and a listener that counts who knocked."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behavior = Callable[[socket.socket, bytes], None]


@contextmanager
def server(behave: Behavior, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on 127.0.0.1: each connection's head is read, then `behave` has the socket."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head, sock = b"", self.request
            try:
                if tls is not None:
                    sock = self.request = tls.wrap_socket(sock, server_side=True)
                while b"\r\n\r\n" not in head and (piece := sock.recv(65_536)):
                    head += piece
                behave(sock, head)
            except OSError:
                pass  # The client hung up, which is what many of these tests want.

    class Threaded(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True
        request_queue_size = 50

    with Threaded(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            scheme = "http" if tls is None else "https"
            yield f"{scheme}://127.0.0.1:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join(5)


@contextmanager
def canary() -> Iterator[tuple[int, list[str]]]:
    """Listen on every address of this machine; yield the port and the list of who connected."""
    knocks: list[str] = []
    with socket.socket(socket.AF_INET6) as listener:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", 0))
        listener.listen(50)
        listener.settimeout(0.05)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    connection, place = listener.accept()
                except TimeoutError:
                    continue
                knocks.append(place[0])
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listener.getsockname()[1], knocks
        time.sleep(0.1)
        over.set()
        thread.join(5)


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json") -> Behavior:
    """Answer everything with one body."""

    def behave(sock: socket.socket, head: bytes) -> None:
        sock.sendall(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )

    return behave


def hang(sock: socket.socket, head: bytes) -> None:
    """Say nothing for a long time."""
    time.sleep(30)


def drip(sock: socket.socket, head: bytes) -> None:
    """Send the body a byte at a time, for ever."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        sock.sendall(b" ")
        time.sleep(0.05)


def drip_head(sock: socket.socket, head: bytes) -> None:
    """Send the head a byte at a time, for ever."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        sock.sendall(b"x")
        time.sleep(0.05)


def endless(sock: socket.socket, head: bytes) -> None:
    """Send without end and without saying how much."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        sock.sendall(b"x" * 65_536)


def truncated(sock: socket.socket, head: bytes) -> None:
    """Promise more than is sent."""
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"models"')
