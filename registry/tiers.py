"""Set another tier than the computed one: heavier at once, lighter only by two people and a time.

A lighter tier is asked for by one person and approved by another, who neither answers for the
model nor works for somebody who does. Every one ends; when its time is over the computed tier
is back.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from registry import (
    access,
    actors,
    bodies,
    catalogue,
    independence,
    inputs,
    moments,
    overrides,
    tiering,
)
from registry.actors import Actor
from registry.independence import NotIndependent
from registry.models import RegisteredModel, TierOverride
from registry.problems import invalid

MAX_DAYS = 365
_BATCH = 50


def ask(
    actor: Actor, model: RegisteredModel, data: Any, *, at: datetime
) -> tuple[RegisteredModel, TierOverride]:
    """Set a heavier tier, or ask for a lighter one."""
    body = bodies.parse(inputs.TierOverrideBody, data)
    with transaction.atomic():
        locked = _lock(model)
        access.require_to_edit_or_approve(actor, locked.unit)
        if actor.person is None or body.tier == locked.computed_tier:
            fix = f"the rule gives {tiering.name(locked.computed_tier)}"
            raise invalid("/tier", "invalid", "an override sets another tier than the rule", fix)
        lighter = body.tier > locked.computed_tier
        ends_at = _end(body, at) if body.ends_on or lighter else None
        _make_room(actor, locked, body.tier, at=at)
        override = TierOverride.objects.create(
            model=locked,
            tier=body.tier,
            computed_tier=locked.computed_tier,
            reason=body.reason,
            requested_by=actor.person,
            requested_at=at,
            ends_at=ends_at,
        )
        action = "model.tier_override_asked" if lighter else "model.tier_override_set"
        catalogue.retier(actor, locked, action, at=at, reason=body.reason, told=_told(override))
        return locked, override


def _end(body: inputs.TierOverrideBody, at: datetime) -> datetime:
    if body.ends_on is None:
        fix = f"name a day, at most {MAX_DAYS} days from today"
        raise invalid("/ends_on", "required", "a lighter tier ends on a day", fix)
    today = at.astimezone(UTC).date()
    if not today < body.ends_on <= today + timedelta(days=MAX_DAYS):
        fix = f"a day after today, at most {MAX_DAYS} days away"
        raise invalid("/ends_on", "invalid", "this day is past or too far away", fix)
    return moments.end_of(body.ends_on)


def _make_room(actor: Actor, model: RegisteredModel, tier: int, *, at: datetime) -> None:
    """End the open override for a heavier one; a lighter one waits until it is ended."""
    override = overrides.open_one(model)
    if override is None:
        return
    if tier >= min(override.tier, model.computed_tier):
        name = tiering.name(override.tier)
        fix = "POST /api/v1/models/<slug>/tier-override/end/ first"
        raise invalid("/tier", "open", f"an override to {name} is open already", fix)
    overrides.end(actor, model, override, "replaced by a heavier tier", at=at)


def approve(
    actor: Actor, model: RegisteredModel, data: Any, *, at: datetime
) -> tuple[RegisteredModel, TierOverride]:
    """Let a lighter tier hold: an independent person says so, not a script."""
    body = bodies.parse(inputs.DecisionBody, data)
    with transaction.atomic():
        locked = _lock(model)
        override = _open(locked, body.override)
        if not overrides.is_lighter(override, locked.computed_tier):
            raise invalid("/", "invalid", "a heavier tier needs no approval", "it is in force")
        if override.approved_at is not None:
            fix = "GET …/tier-override/ shows who approved it"
            raise invalid("/", "approved", "this override is approved already", fix)
        if override.ends_at and override.ends_at <= at:
            raise invalid("/", "expired", "its end has come before the approval", "ask again")
        if why := conflict(actor, locked, override):
            raise NotIndependent(why, locked)
        override.approved_by, override.approved_at = actor.person, at
        override.save(update_fields=["approved_by", "approved_at"])
        action, told = "model.tier_override_approved", _told(override)
        catalogue.retier(actor, locked, action, at=at, reason=body.reason, told=told)
        return locked, override


def conflict(actor: Actor, model: RegisteredModel, override: TierOverride) -> str:
    """Say in words why the actor may not approve; '' when nothing stands against it."""
    asked = ("one who asked for it", override.requested_by)
    return independence.conflict(actor, model, [asked])


def end(actor: Actor, model: RegisteredModel, data: Any, *, at: datetime) -> RegisteredModel:
    """Take an override back; the computed tier holds again."""
    body = bodies.parse(inputs.ReasonBody, data)
    with transaction.atomic():
        locked = _lock(model)
        access.require_to_edit_or_approve(actor, locked.unit)
        override = _open(locked, body.override)
        # Back to the computed tier may be lighter than what a person thought right.
        lightens = not overrides.is_lighter(override, locked.computed_tier)
        own = override.requested_by == actor.person and not actor.by_token
        if lightens and not own and (why := conflict(actor, locked, override)):
            raise NotIndependent(why, locked)
        overrides.end(actor, locked, override, body.reason, at=at)
        catalogue.retier(actor, locked, "model.tier_changed", at=at, reason=body.reason)
        return locked


def expire_due(*, at: datetime, seconds: float) -> int:
    """End the overrides whose time is over; return how many."""
    stop, ended = time.monotonic() + seconds, 0
    due = TierOverride.objects.filter(ended_at=None, ends_at__lte=at)
    for number, model_id in list(due.order_by("ends_at").values_list("pk", "model_id")[:_BATCH]):
        if time.monotonic() > stop:
            break
        with transaction.atomic():
            model = _lock(RegisteredModel(pk=model_id))
            override = due.filter(pk=number).first()
            if override is None:
                continue  # Somebody ended it while we waited for the lock.
            muster, reason = actors.system("tiers"), "its time is over"
            overrides.end(muster, model, override, reason, at=at)
            catalogue.retier(muster, model, "model.tier_changed", at=at, reason=reason)
        ended += 1
    return ended


def _lock(model: RegisteredModel) -> RegisteredModel:
    models = RegisteredModel.objects.select_related("unit", "owner", "deputy", "mlflow_server")
    return models.select_for_update(of=("self",)).get(pk=model.pk)


def _open(model: RegisteredModel, shown: int | None) -> TierOverride:
    """Return the open override; another one than was `shown` is nobody's decision yet."""
    override = overrides.open_one(model)
    if shown is not None and (override is None or override.pk != shown):
        now = f"{tiering.name(override.tier)} (override {override.pk})" if override else "none"
        detail = f"the request has changed since it was shown; open now: {now}"
        raise invalid("/override", "changed", detail, "look at what is asked for now, then decide")
    if override is None:
        fix = "POST …/tier-override/ asks for one"
        raise invalid("/", "none", "no override is asked for or in force", fix)
    return override


def _told(override: TierOverride) -> dict[str, Any]:
    return {
        "override": override.pk,
        "override_tier": override.tier,
        "ends_at": override.ends_at and override.ends_at.isoformat(),
    }
