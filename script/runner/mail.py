"""A catcher for outgoing mail: keeps every message as a file in its recipient's folder.

`python -m script.runner.mail --port 1025 --folder mail`: Maildir style, written in `tmp/` and
renamed into `new/`, so that a message is there whole or not at all.
"""

import argparse
import asyncio
import itertools
import os
import re
import signal
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_numbers = itertools.count(1)


def folder_name(address: str) -> str:
    """Turn an address into the name of a folder; nothing in it may lead elsewhere."""
    return re.sub(r"[^a-z0-9@._+-]", "_", address.lower()).lstrip(".") or "_"


def keep(folder: Path, address: str, content: bytes) -> Path:
    """Write one message for one recipient; return its file."""
    box = folder / folder_name(address)
    for part in ("tmp", "new", "cur"):
        (box / part).mkdir(parents=True, exist_ok=True)
    name = f"{time.time():.6f}.{os.getpid()}_{next(_numbers)}.eml"
    aside = box / "tmp" / name
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # "250" promises that the message is safe
    return aside.rename(box / "new" / name)


class Catcher:
    """The handler aiosmtpd calls for each message."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message once per recipient."""
        content = envelope.content or b""
        if isinstance(content, str):
            content = content.encode()
        for address in envelope.rcpt_tos:
            keep(self.folder, address, content)
        return "250 Message kept"


async def serve(port: int, folder: Path) -> None:
    """Answer on the port until asked to stop."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(lambda: SMTP(Catcher(folder)), "127.0.0.1", port)
    print(f"catching mail on 127.0.0.1:{port} for {folder}", flush=True)
    await stopped.wait()
    server.close()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(arguments.port, arguments.folder))


if __name__ == "__main__":
    main()
