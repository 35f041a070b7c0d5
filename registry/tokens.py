"""Make, find and revoke the keys that scripts sign in with; only digests are stored."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from registry import audit
from registry.actors import Actor
from registry.models import ApiToken, BusinessUnit, Person

PREFIX = "muster_"
# The use of a token is noted at most this often, so that reading does not write all the time.
_NOTE_USE_EVERY = timedelta(minutes=1)


def digest(key: str) -> str:
    """Return what is stored of a key. Keys are random, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue(
    actor: Actor,
    *,
    person: Person,
    name: str,
    at: datetime,
    days: int = 90,
    unit: BusinessUnit | None = None,
    scopes: list[str] | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for `person`; the key is returned this once and never again."""
    key = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        digest=digest(key),
        name=name,
        person=person,
        unit=unit,
        scopes=scopes or [],
        expires_at=at + timedelta(days=days),
    )
    after = {"name": name, "scopes": token.scopes, "expires_at": token.expires_at.isoformat()}
    audit.record(actor, "token.issued", token, at=at, unit=unit, after=after)
    return token, key


def find(key: str, *, at: datetime) -> ApiToken | None:
    """Return the live token for a key, noting its use, or None when there is none."""
    token = (
        ApiToken.objects.select_related("person")
        .filter(digest=digest(key), expires_at__gt=at, revoked_at=None, person__is_active=True)
        .first()
    )
    if token:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTE_USE_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return token
