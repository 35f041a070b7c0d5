"""Signed webhooks by the Standard Webhooks convention, through the one guarded client."""

import json
from datetime import UTC
from typing import Any

from django.conf import settings
from standardwebhooks.webhooks import Webhook

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import retry_after
from registry import outbound

SECONDS = 10.0
_GONE = {404, 410}  # the receiver does not exist (any more): no message will ever arrive
_REFUSED = {400, 405, 413, 415, 422}  # this message will never be accepted
_MAX_ANSWER = 65_536


def send(outgoing: Outgoing) -> Receipt:
    """Post one message; the answer's status is the receipt."""
    body = json.dumps(payload(outgoing), ensure_ascii=False, allow_nan=False)
    moment = outgoing.at.astimezone(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Muster",
        "webhook-id": outgoing.key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(outgoing.secret).sign(outgoing.key, moment, body),
    }
    try:
        answer = outbound.request(
            "POST",
            outgoing.address,
            headers=headers,
            body=body.encode(),
            allowed_origins=settings.MUSTER_ALLOWED_ORIGINS,
            seconds=SECONDS,
            max_bytes=_MAX_ANSWER,
        )
    except outbound.OutboundError as error:
        raise ChannelError(str(error), disable=error.permanent) from error
    if 200 <= answer.status < 300:
        return Receipt(f"HTTP {answer.status}")
    raise ChannelError(
        f"the receiver answers HTTP {answer.status}",
        permanent=answer.status in _REFUSED,
        disable=answer.status in _GONE,
        retry_after=retry_after(answer.headers, at=outgoing.at),
    )


def payload(outgoing: Outgoing) -> dict[str, Any]:
    """Return what is posted: facts for machines, and the sentences for people."""
    letter, first = outgoing.letter, outgoing.facts[0] if outgoing.facts else {}
    kinds = {"digest": "alert.digest", "report": "report"}
    told = first.get("resolved_at") or first.get("opened_at") or outgoing.at.isoformat()
    return {
        "type": kinds.get(outgoing.kind, f"alert.{outgoing.event}"),
        "timestamp": told,
        "data": {
            **first,
            "state": letter.state,
            "alerts": list(outgoing.facts),
            "subject": letter.subject,
            "parts": {label: list(lines) for label, lines in letter.parts},
        },
    }
