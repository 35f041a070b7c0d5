"""Mail by SMTP: text and HTML, threaded by incident; a repeat carries the same Message-ID."""

from contextlib import suppress
from smtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.message import Letter

# One SMTP dialogue has about seven steps, and all of them must end before the lease does.
STEP_SECONDS = 8


def send(outgoing: Outgoing) -> Receipt:
    """Send one mail; its Message-ID is the receipt."""
    connection = get_connection(timeout=STEP_SECONDS)
    message = build(outgoing)
    message.connection = connection
    message_id = str(message.extra_headers["Message-ID"])
    try:
        connection.open()
    except SMTPAuthenticationError as error:
        raise ChannelError(f"the mail server refuses us: {error}", outage=True) from error
    except (SMTPException, OSError) as error:
        raise ChannelError(f"no mail gets out: {error}", outage=True) from error
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise ChannelError(
            f"the address is refused: {error}", permanent=min(codes, default=0) >= 500
        ) from error
    except SMTPResponseException as error:
        raise ChannelError(
            f"the mail server answers {error.smtp_code}", permanent=error.smtp_code >= 500
        ) from error
    except (SMTPException, OSError) as error:
        # The line broke in between: the server may have taken the mail or not.
        raise ChannelError(f"the mail server stopped answering: {error}") from error
    finally:
        # Whatever becomes of the farewell: the server has answered for the mail already.
        with suppress(SMTPException, OSError):
            connection.close()
    return Receipt(message_id)


def ask(*, seconds: float) -> str:
    """Sign in at the mail server and ask for nothing; return what is wrong, '' when nothing is."""
    connection = get_connection(timeout=seconds)
    try:
        connection.open()
        server = getattr(connection, "connection", None)
        code = server.noop()[0] if isinstance(server, SMTP) else 250
    except (SMTPException, OSError) as error:
        return getattr(error, "strerror", None) or type(error).__name__
    finally:
        with suppress(SMTPException, OSError):
            connection.close()
    return "" if code == 250 else f"the server answers {code}"


def build(outgoing: Outgoing) -> EmailMultiAlternatives:
    """Render the mail."""
    event = "alert_resolved" if outgoing.event == "resolved" else "alert_opened"
    letter = outgoing.letter
    fewer = "Stop these reports" if _takes_one_click(letter) else "Change how you are told"
    context = {"letter": letter, "rows": _rows(letter), "fewer": fewer}
    subject = render_to_string(f"emails/{event}-subject.txt", context)
    host = urlsplit(settings.MUSTER_PUBLIC_URL).hostname or "localhost"
    thread = f"<{outgoing.thread}@{host}>"
    message = EmailMultiAlternatives(
        # A subject is one line: a line break would be a header of its own.
        subject=" ".join(subject.split()),
        body=render_to_string(f"emails/{event}-text.txt", context),
        to=[outgoing.address],
        headers={
            "Message-ID": f"<{outgoing.key}@{host}>",
            "References": thread,
            "In-Reply-To": thread,
            "Auto-Submitted": "auto-generated",
            "X-Muster-Attempt": str(outgoing.attempt),
            **_fewer(letter),
        },
    )
    message.attach_alternative(render_to_string(f"emails/{event}-html.html", context), "text/html")
    return message


def _fewer(letter: Letter) -> dict[str, str]:
    """Return the headers that lead to fewer messages (RFC 2369; by one click, RFC 8058)."""
    if not letter.unsubscribe:
        return {}
    headers = {"List-Unsubscribe": f"<{letter.unsubscribe}>"}
    if _takes_one_click(letter):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _takes_one_click(letter: Letter) -> bool:
    return letter.unsubscribe.startswith(f"{settings.MUSTER_PUBLIC_URL}/links/")


def _rows(letter: Letter) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Say of each line whether it is an address of ours; no other text ever becomes a link."""
    ours = f"{settings.MUSTER_PUBLIC_URL}/"
    return [
        (label, [(line, line.startswith(ours) and " " not in line) for line in lines])
        for label, lines in letter.parts
    ]
