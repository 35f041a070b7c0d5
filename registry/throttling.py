"""Hold each token, and each session, to so many requests of the API a minute.

Counted in the table of the sign-in's limits, in PostgreSQL and so by every process together. One
statement a request, whose commit waits for no disk: a count that a crash loses does no harm.
"""

import hashlib
import logging

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from registry.models import ApiToken

logger = logging.getLogger(__name__)
_SAFE = ("GET", "HEAD", "OPTIONS")

# The row holds the minute and the count in it. `expires` only moves with the minute, so that
# counting touches no index.
_COUNT = """
INSERT INTO registry_signincounter AS known (cache_key, value, expires)
SELECT %s, extract(epoch FROM minute)::bigint || ':1', minute + interval '2 minutes'
FROM date_trunc('minute', muster_now()) AS minute, set_config('synchronous_commit', 'off', true)
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE
        WHEN split_part(known.value, ':', 1) = split_part(excluded.value, ':', 1)
        THEN split_part(known.value, ':', 1) || ':' || split_part(known.value, ':', 2)::bigint + 1
        ELSE excluded.value END,
    expires = excluded.expires
RETURNING split_part(value, ':', 2)::bigint, 60 - floor(extract(second FROM muster_now()))::int
"""


class TooManyRequests(APIException):
    """This token or session has sent more requests than it may in a minute."""

    status_code = 429

    def __init__(self, most: int, wait: int) -> None:
        super().__init__(f"More than {most} requests in this minute; go on in {wait} seconds.")
        self.wait = wait
        fix = "wait as long as Retry-After says; models/bulk/ and limit=500 need fewer requests"
        self.members = {
            "errors": [{"pointer": "/", "code": "rate", "detail": str(self.detail), "fix": fix}]
        }


def count(request: Request) -> None:
    """Count a request that is signed in, and raise TooManyRequests for one too many.

    A read goes on, with a line in the log, when it cannot be counted.
    """
    most = settings.MUSTER_API_RATE
    who = _who(request)
    if most <= 0 or not who:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [f"api-rate:{who}"])
            number, wait = cursor.fetchone()
    except DatabaseError as error:
        if request.method not in _SAFE:
            raise OperationalError(str(error)) from error
        logger.warning("A read was not counted: %s", error)
        return
    if number > most:
        raise TooManyRequests(most, wait)


def _who(request: Request) -> str:
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.pk}"
    session = getattr(request._request, "session", None)
    key = session.session_key if session is not None else None
    # The key of a session opens it: only its digest may stand anywhere else.
    return f"session:{hashlib.sha256(key.encode()).hexdigest()[:32]}" if key else ""
