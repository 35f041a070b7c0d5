"""Take in MLflow's webhooks: who holds the secret makes Muster look sooner, and nothing else.

What a webhook says is not even read: everything that counts is asked of MLflow itself.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Least

from registry.models import MLflowDelivery, MLflowServer

# MLflow repeats a delivery with its first time, so this must outlast its retries.
_WINDOW = timedelta(minutes=10)
_KEPT = timedelta(days=1)
# However often somebody rings, a server is not read more often than this.
_LEAST_PAUSE = timedelta(seconds=10)


class NotAuthentic(Exception):
    """The webhook is not signed as MLflow signs it, not for this server, or too old."""


def ring(slug: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> bool:
    """Look at a server sooner; return False for a delivery that came before.

    Raises NotAuthentic and does not say which it was, so that nobody learns the servers' names.
    """
    server = MLflowServer.objects.filter(slug=slug).first()
    secret = server.webhook_secret if server else ""
    delivery = headers.get("X-MLflow-Delivery-Id", "")
    moment = headers.get("X-MLflow-Timestamp", "")
    # Reckoned in any case, so that the time it takes gives nothing away either.
    signed = sign(secret, delivery, moment, body)
    given = headers.get("X-MLflow-Signature", "")
    is_signed = hmac.compare_digest(signed.encode(), given.encode(errors="replace"))
    if server is None or not secret or not is_signed or not _is_fresh(moment, at):
        raise NotAuthentic(NotAuthentic.__doc__)
    with transaction.atomic():
        if not _is_first(server, delivery, at):
            return False
        earliest = max(at, server.swept_at + _LEAST_PAUSE) if server.swept_at else at
        # A server in trouble keeps its pace: to be rung by it does not mean that it can be read.
        calm = MLflowServer.objects.filter(Q(breaker_until=None) | Q(breaker_until__lte=at))
        calm.filter(pk=server.pk).update(next_sweep_at=Least("next_sweep_at", Value(earliest)))
    return True


def sign(secret: str, delivery: str, moment: str, body: bytes) -> str:
    """Return the signature that MLflow gives a delivery."""
    signed = f"{delivery}.{moment}.".encode(errors="replace") + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _is_fresh(moment: str, at: datetime) -> bool:
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 11):
        return False
    return abs(at - datetime.fromtimestamp(int(moment), tz=UTC)) <= _WINDOW


def _is_first(server: MLflowServer, delivery: str, at: datetime) -> bool:
    MLflowDelivery.objects.filter(server=server, received_at__lt=at - _KEPT).delete()
    _, is_new = MLflowDelivery.objects.get_or_create(
        server=server,
        # The database keeps no NUL; a signed identity is MLflow's own and short.
        delivery_id=delivery.replace("\x00", "")[:200],
        defaults={"received_at": at},
    )
    return is_new
