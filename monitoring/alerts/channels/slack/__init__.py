"""Slack by its Web API: one message an incident, later news in its thread, the first one edited.

A repeat looks for its key in the channel first when the token may read there; without that right
the repeat carries the same key in its metadata.
"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import call
from monitoring.alerts.channels.slack import blocks

# Slack says 200 to everything; its `error` decides. Nothing to this channel will ever arrive:
_GONE = {
    *("account_inactive", "access_denied", "channel_not_found", "ekm_access_denied"),
    *("invalid_auth", "is_archived", "missing_scope", "no_permission", "not_authed"),
    *("not_in_channel", "not_allowed_token_type", "org_login_required", "restricted_action"),
    *("restricted_action_read_only_channel", "team_access_not_granted", "token_expired"),
    *("token_revoked", "two_factor_setup_required"),
}
# ... or this message will not:
_REFUSED = {
    *("block_mismatch", "invalid_arguments", "invalid_blocks", "invalid_blocks_format"),
    *("invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large"),
    *("msg_blocks_too_long", "msg_too_long", "no_text", "too_many_attachments"),
}
_SLOWER = {"ratelimited", "rate_limited", "message_limit_exceeded"}
# The first message is there no more, or may not be edited any more.
_LOST = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_LOOKED_AT = 200


def send(outgoing: Outgoing) -> Receipt:
    """Post the news, in its incident's thread when there is one; return where the thread is."""
    ref = outgoing.ref if outgoing.kind == "news" else ""
    if ref and not _edit(outgoing, ref):
        ref = ""
    found = _posted_before(outgoing, ref) if outgoing.attempt > 1 else ""
    made = found or _post(outgoing, ref)
    return Receipt(made, ref or made)


def _post(outgoing: Outgoing, ref: str) -> str:
    body = _message(outgoing, blocks.news(outgoing))
    if ref:
        body["thread_ts"] = ref
    answer = _ask(outgoing, "chat.postMessage", body)
    if not isinstance(answer.get("ts"), str):
        raise ChannelError("Slack does not say which message it made")
    return str(answer["ts"])


def _edit(outgoing: Outgoing, ref: str) -> bool:
    """Bring the first message up to date; edited twice it is the same. False: it is lost."""
    body = _message(outgoing, blocks.parent(outgoing)) | {"ts": ref}
    del body["metadata"]  # it belongs to the message that was posted
    try:
        _ask(outgoing, "chat.update", body)
    except _SlackError as error:
        if error.code not in _LOST:
            raise
        return error.code != "message_not_found"
    return True


def _message(outgoing: Outgoing, shown: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "channel": outgoing.address,
        "text": blocks.escaped(outgoing.letter.subject),
        "blocks": shown,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {
            "event_type": "muster_message",
            "event_payload": {"key": outgoing.key, "thread": outgoing.thread},
        },
    }


def _posted_before(outgoing: Outgoing, ref: str) -> str:
    """Return the message that an earlier attempt made, when the token may look for it."""
    method = "conversations.replies" if ref else "conversations.history"
    asked = {"channel": outgoing.address, "limit": _LOOKED_AT, "include_all_metadata": "true"}
    if ref:
        asked["ts"] = ref
    try:
        answer = _ask(outgoing, f"{method}?{urlencode(asked)}")
    except _SlackError as error:
        if error.code == "missing_scope" or error.code in _LOST:
            return ""
        raise
    for message in answer.get("messages") or ():
        if isinstance(message, dict) and _key_of(message) == outgoing.key:
            return str(message.get("ts", ""))
    return ""


def _key_of(message: dict[str, Any]) -> Any:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return payload.get("key") if isinstance(payload, dict) else None


class _SlackError(ChannelError):
    """Slack refuses, and its word for it is `code`."""

    code = ""


def _ask(outgoing: Outgoing, method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    reply = call(
        "GET" if body is None else "POST",
        f"{settings.MUSTER_SLACK_URL}/{method}",
        body,
        headers={"Authorization": f"Bearer {outgoing.secret}"},
        at=outgoing.at,
    )
    if reply.body.get("ok") is True:
        return reply.body
    code = str(reply.body.get("error") or f"HTTP {reply.status}")[:100]
    error = _SlackError(
        f"Slack answers {code}",
        permanent=code in _REFUSED,
        disable=code in _GONE,
        retry_after=60.0 if code in _SLOWER else None,
    )
    error.code = code
    raise error
