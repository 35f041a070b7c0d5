"""The long tail by Apprise, in a process of its own: only services that the platform allows.

Apprise brings its own clients, so the child is given nothing but the message and the service's
address; it reaches only what the guarded client would reach (`apprise_child`).
"""

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import short
from monitoring.alerts.message import Letter

SECONDS = 30.0
_CHILD = "monitoring.alerts.channels.apprise_child"
_LONGEST_BODY = 20_000
_GONE = {401, 403, 404, 410}


def send(outgoing: Outgoing) -> Receipt:
    """Hand the message to a child, which sends it by the service that the secret names."""
    scheme = scheme_of(outgoing.secret)
    if scheme not in settings.MUSTER_APPRISE_SCHEMES:
        text = f"the service '{scheme}' is not among MUSTER_APPRISE_SCHEMES"
        raise ChannelError(text, disable=True)
    told = _child(
        {
            "url": outgoing.secret,
            "title": outgoing.letter.subject,
            "body": _body(outgoing.letter, outgoing.key),
            "origins": list(settings.MUSTER_ALLOWED_ORIGINS),
        }
    )
    if told.get("sent") is True:
        return Receipt(f"accepted by {scheme}")
    status = told.get("status")
    text = f"{scheme} answers HTTP {status}" if status else f"{scheme} did not take the message"
    raise ChannelError(text, disable=status in _GONE)


def scheme_of(url: str) -> str:
    """Return the service that an address of Apprise names."""
    return url.partition("://")[0].strip().lower() if "://" in url else ""


def _body(letter: Letter, key: str) -> str:
    lines = [letter.lead]
    for label, part in letter.parts:
        lines += ["", label, *part]
    text = short("\n".join(lines), _LONGEST_BODY)
    end = ["", f"{letter.action}: {letter.url}", "", *letter.footer, f"Message {key}"]
    return "\n".join([text, *end])


def _child(message: dict[str, Any]) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 (ours; what comes from outside goes to its input)
            [sys.executable, "-m", _CHILD],
            input=json.dumps(message),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=settings.BASE_DIR,
            env=kept,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChannelError(f"no answer within {SECONDS:g} s") from error
    try:
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ChannelError(f"the sender ended with {done.returncode} and no word") from error
    return told if isinstance(told, dict) else {}
