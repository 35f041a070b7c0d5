"""A real SMTP server inside the test process."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from script.runner.ports import free_port


@dataclass
class SmtpCatcher:
    """What arrived, parsed, in order; `refusal` is answered instead of accepting when set."""

    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refusal: str = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusal:
            return self.refusal
        content = cast(bytes, envelope.original_content)
        self.messages.append(cast(EmailMessage, message_from_bytes(content, policy=default)))
        self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture(scope="session")
def _smtp_server() -> Iterator[SmtpCatcher]:
    catcher = SmtpCatcher(free_port())
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port)
    controller.start()
    yield catcher
    controller.stop()


@pytest.fixture
def smtp_catcher(_smtp_server: SmtpCatcher, settings: Any) -> SmtpCatcher:
    """The server, empty, with Django's mail going to it over SMTP."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = _smtp_server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    _smtp_server.messages.clear()
    _smtp_server.recipients.clear()
    _smtp_server.refusal = ""
    return _smtp_server
