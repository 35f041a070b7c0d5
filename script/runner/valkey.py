"""Valkey as a part: the broker, with persistence on and a password."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from script.runner.binaries import valkey_binary
from script.runner.part import Part

DATABASES = 64  # each xdist worker takes its own


@dataclass(frozen=True)
class Store:
    """Where the broker's data lies and how it is reached."""

    data: Path
    port: int
    password: str
    durable: bool = True

    @property
    def url(self) -> str:
        """Return the address Celery uses."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def part(store: Store) -> Part:
    """Write the server's own configuration and declare it."""
    store.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = store.data / "valkey.conf"
    # Not on the command line: every user of the machine can read that.
    with open(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(
            f"bind 127.0.0.1\nport {store.port}\nrequirepass {store.password}\n"
            f'dir "{store.data}"\nappendonly {"yes" if store.durable else "no"}\n'
            f'appendfsync everysec\nsave ""\ndatabases {DATABASES}\ndaemonize no\n'
            "maxmemory-policy noeviction\n"
        )
    return Part(
        name="valkey",
        command=(str(valkey_binary()), str(configuration)),
        folder=store.data,
        ready=_answers_ping(store),
        detail=f"127.0.0.1:{store.port}",
    )


def _answers_ping(store: Store) -> Callable[[], bool]:
    def check() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", store.port), timeout=3) as connection:
                connection.sendall(f"AUTH {store.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    more = connection.recv(256)
                    if not more:
                        return False
                    answer += more
                return b"PONG" in answer
        except OSError:
            return False

    return check
