"""Write trainers: the outside programs that retrain on a signed request."""

import base64
import binascii
from datetime import datetime
from typing import Any

from django.conf import settings

from policies.models import Trainer
from registry import access, audit, bodies, outbound
from registry.access import Right
from registry.actors import Actor
from registry.catalogue.races import upsert
from registry.models import BusinessUnit
from registry.outbound import OutboundError
from registry.plain_text import Line
from registry.problems import FieldError, Invalid, invalid
from registry.slugs import slug_of

_SECRET_BYTES = (16, 64)


class TrainerBody(bodies.Change):
    """A trainer as it is written; the secret is never answered."""

    business_unit: str = ""
    url: Line = ""
    secret: str = ""


def find_unit(actor: Actor, slug: str) -> BusinessUnit:
    """Return a unit the actor may see, or say that there is none of that name."""
    unit = access.visible_units(actor).filter(slug=slug).first()
    if unit is None:
        fix = "GET /api/v1/business-units/ lists those you may see"
        raise invalid("/business_unit", "unknown_unit", f"there is no unit '{slug[:60]}'", fix)
    return unit


@upsert
def put_trainer(actor: Actor, slug: str, data: Any, *, at: datetime) -> tuple[Trainer, bool]:
    """Create or change a trainer; its secret is kept encrypted and never shown."""
    slug = slug_of(slug, longest=60)
    body = bodies.parse(TrainerBody, data)
    given = body.given()
    trainer = Trainer.objects.select_for_update(of=("self",)).filter(slug=slug).first()
    if trainer is None:
        return _create(actor, slug, body, at), True
    unit = trainer.unit
    if not access.visible_units(actor).filter(pk=unit.pk).exists():
        raise Trainer.DoesNotExist
    access.require(actor, Right.MANAGE_UNIT, unit)
    if given.pop("business_unit", unit.slug) != unit.slug:
        raise invalid(
            "/business_unit", "immutable", "a trainer stays where it was made", "make another one"
        )
    _check(given)
    changed = [key for key, value in given.items() if getattr(trainer, key) != value]
    if changed:
        before = {"url": trainer.url, "secret": "set"}
        for key in changed:
            setattr(trainer, key, given[key])
        trainer.save(update_fields=changed)
        after = {"url": trainer.url, "secret": "changed" if "secret" in changed else "set"}
        audit.record(
            actor,
            "trainer.changed",
            trainer,
            at=at,
            unit=unit,
            before=before,
            after=after,
            reason=body.change_reason,
        )
    return trainer, False


def _create(actor: Actor, slug: str, body: TrainerBody, at: datetime) -> Trainer:
    unit = find_unit(actor, body.business_unit)
    access.require(actor, Right.MANAGE_UNIT, unit)
    _check({"url": body.url, "secret": body.secret})
    trainer = Trainer.objects.create(slug=slug, unit=unit, url=body.url, secret=body.secret)
    after = {"url": trainer.url, "secret": "set"}
    audit.record(
        actor, "trainer.created", trainer, at=at, unit=unit, after=after, reason=body.change_reason
    )
    return trainer


def _check(given: dict[str, Any]) -> None:
    errors = _url_errors(given["url"]) if "url" in given else []
    errors += _secret_errors(given["secret"]) if "secret" in given else []
    if errors:
        raise Invalid(*errors)


def _url_errors(url: str) -> list[FieldError]:
    if len(url) > 500:
        return [
            FieldError("/url", "invalid", "an address has at most 500 characters", "shorten it")
        ]
    try:
        target = outbound.parse(url)
        allowed = {outbound.parse(origin).origin for origin in settings.MUSTER_ALLOWED_ORIGINS}
    except OutboundError as error:
        return [FieldError("/url", "invalid", str(error), "https://trainer.example.com/retrain")]
    if target.scheme == "http" and target.origin not in allowed:
        fix = "use https, or have the origin added to MUSTER_ALLOWED_ORIGINS"
        return [FieldError("/url", "not_https", "the request would travel unencrypted", fix)]
    return []


def _secret_errors(secret: str) -> list[FieldError]:
    low, high = _SECRET_BYTES
    try:
        length = len(base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False))
    except (binascii.Error, ValueError):
        length = 0
    if low <= length <= high:
        return []
    detail = f"a secret is {low} to {high} random bytes in base64, after an optional 'whsec_'"
    return [FieldError("/secret", "invalid", detail, "for example: openssl rand -base64 32")]
