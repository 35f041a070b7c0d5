"""Microsoft Teams by a workflow's webhook: one Adaptive Card for each piece of news.

A workflow neither edits nor threads what it posted, and its address signs itself: it is the
channel's secret, and the channel's address is only what people call the place.
"""

from collections.abc import Iterator
from typing import Any

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import as_json, call, short
from monitoring.alerts.message import Letter

# Teams takes 28 KB, envelope included.
LARGEST = 26_000
_LONGEST_TEXT = 2000
_REFUSED = {400, 405, 413, 415, 422}
_GONE = {401, 403, 404, 410}
# Said with HTTP 400 although the workflow is what is wrong, not the message.
_GONE_CODES = {"WorkflowTriggerIsNotEnabled", "WorkflowNotFound", "WorkflowDisabled"}
_COLORS = {"critical": "attention", "watch": "warning", "unknown": "accent", "ok": "good"}


def send(outgoing: Outgoing) -> Receipt:
    """Post one card; the answer's status is the receipt."""
    reply = call("POST", outgoing.secret, envelope(outgoing), at=outgoing.at, one_for_all=False)
    if 200 <= reply.status < 300:
        return Receipt(f"HTTP {reply.status}")
    error = reply.body.get("error")
    code = str(error.get("code", ""))[:100] if isinstance(error, dict) else ""
    raise ChannelError(
        f"the workflow answers HTTP {reply.status} {code}".strip(),
        permanent=reply.status in _REFUSED,
        disable=reply.status in _GONE or code in _GONE_CODES,
    )


def envelope(outgoing: Outgoing) -> dict[str, Any]:
    """Return what a workflow expects, no larger than it takes; the key names repeats."""
    shown: list[dict[str, Any]] = []
    left = LARGEST - len(as_json(_wrapped(outgoing, [_MORE])))
    for block in _blocks(outgoing.letter):
        left -= len(as_json(block)) + 1
        if left < 0:
            shown.append(_MORE)
            break
        shown.append(block)
    return _wrapped(outgoing, shown)


def _wrapped(outgoing: Outgoing, shown: list[dict[str, Any]]) -> dict[str, Any]:
    letter = outgoing.letter
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": short(letter.subject, 500),
        "body": shown,
        "actions": [{"type": "Action.OpenUrl", "title": letter.action, "url": letter.url}],
        "msteams": {"width": "Full"},
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "muster": {"key": outgoing.key, "thread": outgoing.thread, "event": outgoing.event},
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


def _blocks(letter: Letter) -> Iterator[dict[str, Any]]:
    color = _COLORS.get(letter.state, "default")
    yield _runs(letter.subject, weight="bolder", color=color)
    yield _runs(letter.lead)
    for label, lines in letter.parts:
        yield _runs(label, weight="bolder", spacing="medium")
        for line in lines:
            yield _runs(line)
    for line in letter.footer:
        yield _runs(line, subtle=True)


def _runs(text: str, *, spacing: str = "small", subtle: bool = False, **style: str) -> Any:
    # A TextBlock would read Markdown in a column's name; the runs of a rich text block do not.
    run: dict[str, Any] = {"type": "TextRun", "text": short(text, _LONGEST_TEXT), **style}
    if subtle:
        run |= {"isSubtle": True, "size": "small"}
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": [run]}


_MORE = _runs("More than fits here: open it in Muster.")
