"""One call to a vendor: JSON goes out through the guarded client, JSON or an error comes back."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings

from monitoring.alerts.channels import ChannelError
from registry import outbound

SECONDS = 10.0
_MAX_ANSWER = 1_048_576


@dataclass(frozen=True)
class Reply:
    """What the vendor answered; a body that is no JSON object is an empty one."""

    status: int
    body: dict[str, Any]


def call(
    method: str,
    url: str,
    body: dict[str, Any] | None = None,
    *,
    headers: dict[str, str] | None = None,
    at: datetime,
    one_for_all: bool = True,
) -> Reply:
    """Send one request and return the answer, or raise ChannelError when it can only be repeated.

    `one_for_all` says that every channel of this kind depends on this host: when it cannot be
    reached, that is no channel's fault.
    """
    content = b"" if body is None else as_json(body)
    try:
        answer = outbound.request(
            method,
            url,
            headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
            body=content,
            allowed_origins=settings.MUSTER_ALLOWED_ORIGINS,
            seconds=SECONDS,
            max_bytes=_MAX_ANSWER,
        )
    except outbound.OutboundError as error:
        # The receiver may have taken what it did not answer; only what never left is an outage.
        raise ChannelError(
            str(error),
            disable=error.permanent and not one_for_all,
            outage=error.unsent and one_for_all,
        ) from error
    if answer.status in (408, 429) or answer.status >= 500:
        wait = retry_after(answer.headers, at=at)
        raise ChannelError(f"the receiver answers HTTP {answer.status}", retry_after=wait)
    return Reply(answer.status, _object(answer.body))


def as_json(body: dict[str, Any]) -> bytes:
    """Return a body as it is sent."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def retry_after(headers: dict[str, str], *, at: datetime) -> float | None:
    """Read Retry-After: seconds, or a date."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max((moment.replace(tzinfo=moment.tzinfo or UTC) - at).total_seconds(), 0.0)


def short(text: str, length: int) -> str:
    """Return a text that is no longer than a vendor takes."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
