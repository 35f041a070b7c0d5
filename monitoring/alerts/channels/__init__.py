"""Ways out: one module a kind of channel, loaded when its first message is due.

To add one: a module here with `send(outgoing) -> Receipt`, a line in TRANSPORTS, a kind in
`monitoring.models.Channel`, a heading in docs/alerts.md, and a test against a real server.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol, cast

from monitoring.alerts.message import Letter

TRANSPORTS = {
    "mail": "monitoring.alerts.channels.mail",
    "webhook": "monitoring.alerts.channels.webhook",
    "slack": "monitoring.alerts.channels.slack",
    "teams": "monitoring.alerts.channels.teams",
    "pagerduty": "monitoring.alerts.channels.pagerduty",
    "opsgenie": "monitoring.alerts.channels.opsgenie",
    "apprise": "monitoring.alerts.channels.apprise",
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
    """One message on its way; key, facts and letter are the same at every attempt."""

    key: str
    kind: str  # a Message.Kind: news of one incident, a digest, or a report
    event: str  # of the incident: firing, acknowledged, reminder, escalated or resolved
    thread: str  # what the channel groups by: the incident, or the key when there is none
    address: str
    secret: str
    attempt: int
    at: datetime
    facts: tuple[dict[str, Any], ...]  # one for each alert, for machines
    letter: Letter
    ref: str = ""  # what the channel called its first message about the incident


@dataclass(frozen=True)
class Receipt:
    """What the channel answered; its `ref` is handed in with later messages of the incident."""

    text: str
    ref: str = ""


class Transport(Protocol):
    """What a module of this package provides."""

    def send(self, outgoing: Outgoing) -> Receipt:
        """Hand the message over and return a receipt, or raise ChannelError."""


def transport(kind: str) -> Transport:
    """Return the module that sends to channels of this kind."""
    return cast(Transport, import_module(TRANSPORTS[kind]))
