"""Ways out: one module a kind of channel, loaded when its first message is due.

To add one: a module here with `send(outgoing) -> receipt`, a line in TRANSPORTS, a kind in
`monitoring.models.Channel`, a heading in docs/alerts.md, and a test against a real server.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from monitoring.alerts.message import Letter, Story

TRANSPORTS = {
    "mail": "monitoring.alerts.channels.mail",
    "webhook": "monitoring.alerts.channels.webhook",
}


class ChannelError(Exception):
    """The message could not be handed over.

    `permanent`: trying this message again is pointless. `disable`: so is any other message to
    this channel. `outage`: nothing of this kind gets out, whichever channel it is for.
    `retry_after`: the seconds the receiver asked us to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        disable: bool = False,
        outage: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent or disable
        self.disable = disable
        self.outage = outage
        self.retry_after = retry_after


@dataclass(frozen=True)
class Outgoing:
    """One message on its way; `key` is the same at every attempt."""

    key: str
    thread: str  # what the channel groups by: the incident
    address: str
    secret: str
    attempt: int
    at: datetime
    subject: dict[str, str]  # ids of the alert, incident and model, for machines
    story: Story
    letter: Letter


class Transport(Protocol):
    """What a module of this package provides."""

    def send(self, outgoing: Outgoing) -> str:
        """Hand the message over and return a receipt, or raise ChannelError."""


def transport(kind: str) -> Transport:
    """Return the module that sends to channels of this kind."""
    return cast(Transport, import_module(TRANSPORTS[kind]))
