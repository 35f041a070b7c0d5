"""Receivers that refuse some of what comes, and sometimes accept and hang up without a word.

One event loop in a thread: a webhook receiver and an SMTP server. Each keeps what it accepted.
"""

import asyncio
import json
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

REFUSED = 0.05
CUT = 0.02
_SIGNED = re.compile(r"/links/[^/\s]+/")  # made anew for each attempt, with its own end


@dataclass(frozen=True)
class Accepted:
    """One thing a receiver took: its key, where to, and all that it said but the attempt."""

    key: str
    to: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()  # (alert, kind of news) as machines are told


@dataclass
class Sinks:
    """Both receivers; start() returns once they listen."""

    seed: int
    accepted: list[Accepted] = field(default_factory=list)
    tallies: Counter[str] = field(default_factory=Counter)  # of the plain tasks: number to count
    failed: int = 0  # attempts that ended without an answer or with a refusal
    steady: bool = False
    web_port: int = 0
    mail_port: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Listen on two free ports, in a thread of their own."""
        ready = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(self._listen())
            ready.set()
            self._loop.run_forever()

        threading.Thread(target=serve, name="sinks", daemon=True).start()
        if not ready.wait(20):
            raise RuntimeError("the sinks did not start")

    async def _listen(self) -> None:
        web = await asyncio.start_server(self._web, "127.0.0.1", 0, backlog=512)
        mail = await self._loop.create_server(
            lambda: SMTP(_Mail(self), loop=self._loop), "127.0.0.1", 0, backlog=512
        )
        self.web_port = web.sockets[0].getsockname()[1]
        self.mail_port = mail.sockets[0].getsockname()[1]

    def chance(self) -> str:
        """Say what becomes of this one: '' (all well), 'refused' or 'cut'."""
        drawn = 1.0 if self.steady else self._random.random()
        fate = "refused" if drawn < REFUSED else ("cut" if drawn < REFUSED + CUT else "")
        self.failed += bool(fate)
        return fate

    async def _web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # who asked was killed
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        fate = self.chance()
        if fate != "refused":
            self._take(path, headers.get("webhook-id", ""), body)
        if fate == "cut":
            writer.transport.abort()
            return
        status = "500 Internal Server Error" if fate else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()

    def _take(self, path: str, key: str, body: bytes) -> None:
        if path.startswith("/plain/"):
            self.tallies[path.removeprefix("/plain/")] += 1
            return
        said = json.loads(body)
        told = said["data"]["alerts"]
        facts = tuple((str(one["alert"]), kind) for one in told for kind in _kinds(one))
        self.accepted.append(Accepted(key, path, json.dumps(said, sort_keys=True, indent=0), facts))


def _kinds(fact: dict[str, Any]) -> list[str]:
    return list(fact.get("news", []))


def _texts(mail: EmailMessage) -> list[str]:
    """Return the text of each part."""
    return [
        str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"
    ]


class _Mail:
    def __init__(self, sinks: Sinks) -> None:
        self.sinks = sinks

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fate = self.sinks.chance()
        if fate == "refused":
            return "451 Try again later"
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=default)
        key = str(mail["Message-ID"]).strip("<>").rpartition("@")[0]
        said = [str(mail["Subject"]), *(_SIGNED.sub("/links/", text) for text in _texts(mail))]
        to = ",".join(envelope.rcpt_tos)
        self.sinks.accepted.append(Accepted(key, to, "\n".join(said)))
        if fate == "cut" and server.transport is not None:
            server.transport.abort()
        return "250 OK"
