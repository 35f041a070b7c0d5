"""Make, find and revoke the keys that scripts sign in with; only digests are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from registry import access, audit
from registry.actors import Actor
from registry.models import ApiToken, BusinessUnit, Person
from registry.problems import invalid

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
    reason: str = "",
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
    audit.record(actor, "token.issued", token, at=at, unit=unit, after=after, reason=reason)
    return token, key


@dataclass(frozen=True)
class Found:
    """A live token, the moment it was asked for and its person's roles: one look for all three."""

    token: ApiToken
    at: datetime
    fleet_roles: frozenset[str]


_TOKEN = [field.attname for field in ApiToken._meta.concrete_fields]
_PERSON = [field.attname for field in Person._meta.concrete_fields]
# Every request of the API begins with this, so it is written out: the ORM takes longer to put the
# same statement together than PostgreSQL takes to answer it.
_FIND = f"""
SELECT {", ".join(f"token.{name}" for name in _TOKEN)},
    {", ".join(f"person.{name}" for name in _PERSON)},
    muster_now(), ARRAY(SELECT role FROM registry_fleetrole WHERE person_id = person.id)
FROM registry_apitoken token JOIN registry_person person ON person.id = token.person_id
WHERE token.digest = %s AND token.revoked_at IS NULL AND person.is_active
"""  # noqa: S608 -- the names are the models' own


def find(key: str) -> Found | None:
    """Return the live token for a key, noting its use, or None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [digest(key)])
        row = cursor.fetchone()
    if row is None:
        return None
    *cells, at, roles = row
    token = ApiToken.from_db(connection.alias, _TOKEN, cells[: len(_TOKEN)])
    token.person = Person.from_db(connection.alias, _PERSON, cells[len(_TOKEN) :])
    if token.expires_at <= at:
        return None
    if token.last_used_at is None or token.last_used_at < at - _NOTE_USE_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - _NOTE_USE_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return Found(token, at, frozenset(roles))


def mine(actor: Actor) -> QuerySet[ApiToken]:
    """Return the tokens of the one who asks."""
    return ApiToken.objects.filter(person=actor.person).select_related("unit")


def issue_own(
    actor: Actor,
    *,
    name: str,
    at: datetime,
    days: int,
    unit_slug: str | None = None,
    scopes: list[str] | None = None,
    reason: str = "",
) -> tuple[ApiToken, str]:
    """Make a token for oneself; one made with a token never reaches further than that one."""
    assert actor.person is not None
    unit = None
    if unit_slug is not None:
        unit = access.visible_units(actor).filter(slug=unit_slug).first()
        if unit is None:
            detail = f"there is no unit '{unit_slug[:60]}' that you see"
            fix = "GET /api/v1/business-units/ names them"
            raise invalid("/business_unit", "unknown_unit", detail, fix)
    elif actor.unit_id is not None:
        unit = BusinessUnit.objects.get(pk=actor.unit_id)
    if actor.scopes is not None:
        beyond = sorted(set(scopes or ["everything"]) - actor.scopes)
        if beyond:
            detail = f"the token you use does not hold {', '.join(beyond)} itself"
            raise invalid("/scopes", "beyond_own_scopes", detail, "ask with a wider token")
    return issue(
        actor, person=actor.person, name=name, at=at, days=days,
        unit=unit, scopes=scopes, reason=reason,
    )  # fmt: skip


@transaction.atomic
def revoke_own(actor: Actor, token_id: str, *, at: datetime) -> ApiToken:
    """Revoke one of one's own tokens; a revoked one stays revoked since then."""
    if not token_id.isascii() or not token_id.isdigit() or len(token_id) > 18:
        raise ApiToken.DoesNotExist
    token = mine(actor).get(pk=int(token_id))
    _require_no_less(actor, token)
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        audit.record(actor, "token.revoked", token, at=at, unit=token.unit)
    return token


def _require_no_less(actor: Actor, token: ApiToken) -> None:
    """Refuse a token that would take away one that may do more than itself."""
    held = frozenset(token.scopes)  # none at all: whatever its person may do
    wider = actor.scopes is not None and not (held and held <= actor.scopes)
    if wider or actor.unit_id not in (None, token.unit_id):
        detail = "a token revokes none that may do more than itself"
        fix = "use that token itself, or revoke it on the page of your tokens"
        raise invalid("/", "beyond_own_scopes", detail, fix)


def revoke_all(actor: Actor, person: Person, *, at: datetime) -> None:
    """Revoke every token of somebody who may not sign in any more."""
    for token in ApiToken.objects.filter(person=person, revoked_at=None, expires_at__gt=at):
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=at)
        audit.record(actor, "token.revoked", token, at=at, unit=token.unit)
