"""Ask each part of Muster whether it works, and say in words which does not."""

import socket as sockets
from collections.abc import Callable
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db.models import Min

from dashboard.queries import watcher
from monitoring.alerts.channels import mail
from monitoring.models import Channel, Message
from registry import outbound

_SECONDS = 5.0
# Shares of the time between two heartbeats (a minute): how old the latest ring may be, and how
# long all mail may fail. With a listener that alarms after two of them, three are never passed.
_RING = 0.75
_MAIL = 2.0


def faults(*, at: datetime) -> list[str]:
    """Return what does not work, each with the part's name first; empty when all is well."""
    asked: tuple[Callable[[datetime], str], ...] = (
        _broker, _doorbell, _web, _judge, _mail, _channels, _work,
    )  # fmt: skip
    return [fault for ask in asked if (fault := ask(at))]


def _broker(at: datetime) -> str:
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=_SECONDS)
    except Exception as error:  # each broker's library has errors of its own
        return f"broker: {type(error).__name__}"
    return ""


def _doorbell(at: datetime) -> str:
    """Look for the trace that beat leaves through broker and worker in the database."""
    beat = watcher.heartbeat()
    if beat is None or beat.rung_at is None:
        return "doorbell: it has never rung; do beat and worker run?"
    silent = (at - beat.rung_at).total_seconds()
    if silent <= _RING * settings.MUSTER_HEARTBEAT_SECONDS:
        return ""
    return f"doorbell: it has not rung for {silent:.0f} s; do beat and worker run?"


def _web(at: datetime) -> str:
    address = settings.MUSTER_INNER_URL or settings.MUSTER_PUBLIC_URL
    try:
        answer = outbound.request(
            "GET", f"{address}/readyz", allowed_origins=[address], seconds=_SECONDS, max_bytes=4096
        )
    except outbound.OutboundError as error:
        return f"web: {error}"
    return "" if answer.status == 200 else f"web: /readyz answers {answer.status}"


def _judge(at: datetime) -> str:
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(settings.MUSTER_JUDGE_SOCKET)
        except OSError as error:
            return f"judge: {error.strerror or error}"
    return ""


def _mail(at: datetime) -> str:
    wrong = mail.ask(seconds=_SECONDS)
    return f"mail: {wrong}" if wrong else ""


def _channels(at: datetime) -> str:
    """Say when no mail got through for a while, although the server answers."""
    patience = timedelta(seconds=_MAIL * settings.MUSTER_HEARTBEAT_SECONDS)
    failing = Channel.objects.filter(
        kind=Channel.Kind.MAIL, disabled_at=None, failing_since__lt=at - patience
    )
    since = failing.aggregate(since=Min("failing_since"))["since"]
    if since is None:
        return ""
    # One mailbox that is full is its owner's matter; the others show that mail works.
    if Message.objects.filter(channel__kind=Channel.Kind.MAIL, sent_at__gt=since).exists():
        return ""
    return f"mail: nothing got through since {since:%Y-%m-%d %H:%M:%S} UTC"


def _work(at: datetime) -> str:
    found = watcher.look()
    late = [f"{due.duty} ({due.waits(found.at):.0f} s)" for due in found.stuck]
    return f"work: due, and nothing goes on: {', '.join(late)}" if late else ""
