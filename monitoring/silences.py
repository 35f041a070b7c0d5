"""Silences: times in which the news of a model, a check or a unit waits, and who may ask for one.

Nothing is lost by a silence: what fires meanwhile is told when it is over. Critical news of a
tier 1 model passes it until a second person agrees. One that begins later is a planned downtime.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from pydantic import AwareDatetime, Field

from monitoring.models import Check, Delivery, Silence
from monitoring.states import DeliveryState, Route
from registry import access, audit, bodies
from registry.access import Right
from registry.actors import Actor
from registry.clock import MusterNow
from registry.models import BusinessUnit, Person, RegisteredModel
from registry.plain_text import Line
from registry.problems import invalid
from registry.queries import find_model

LONGEST = timedelta(days=30)
_LATE = timedelta(minutes=5)  # a form that was open for a while still begins now
_INSTANT = timedelta(microseconds=1)


class SilenceBody(bodies.Body):
    """What is silenced (a model, one check of it, or the whole unit), until when, and why."""

    business_unit: str = ""
    model: str = ""
    check: str = ""
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    reason: Line = Field(min_length=1, max_length=500)


@transaction.atomic
def make(actor: Actor, data: Any, *, at: datetime) -> Silence:
    """Silence a model, a check, or (as an admin of it) a whole unit."""
    body = bodies.parse(SilenceBody, data)
    person = _person(actor)
    unit, model, check = _target(actor, body)
    right = Right.ACT_ON_INCIDENTS if model else Right.MANAGE_UNIT
    access.require(actor, right, unit)
    starts = body.starts_at or at
    _require_span(starts, body.ends_at, at=at)
    made = Silence.objects.create(
        unit=unit, model=model, check_ref=check, starts_at=starts, ends_at=body.ends_at,
        reason=body.reason, made_by=person, made_at=at,
    )  # fmt: skip
    _record(actor, "silence.made", made, at=at)
    return made


@transaction.atomic
def agree(actor: Actor, silence: Silence, *, at: datetime) -> Silence:
    """Agree as a second person, so that it holds for critical news of tier 1 models too."""
    found = _lock(silence)
    access.require(actor, _right(found), found.unit)
    person = _person(actor)
    if actor.by_token:
        detail = "a token agrees to nothing"
        raise invalid("/", "person_needed", detail, "sign in, and agree on the page")
    _require_running(found, at=at)
    if found.made_by_id == person.pk:
        detail, fix = "a second person agrees to a silence", "ask somebody else of the unit"
        raise invalid("/", "same_person", detail, fix)
    if found.agreed_by_id is not None:
        return found
    found.agreed_by, found.agreed_at = person, at
    found.save(update_fields=["agreed_by", "agreed_at"])
    _record(actor, "silence.agreed", found, at=at)
    return found


@transaction.atomic
def end(actor: Actor, silence: Silence, *, at: datetime) -> Silence:
    """End it now; what waited for its end is told now."""
    found = _lock(silence)
    access.require(actor, _right(found), found.unit)
    if found.ends_at <= at:
        return found
    found.ends_at, found.ended_by = max(at, found.starts_at + _INSTANT), _person(actor)
    found.save(update_fields=["ends_at", "ended_by"])
    # Whatever held this news is asked again; what is held for another reason goes on waiting.
    waiting = Delivery.objects.filter(_news_of(found), state=DeliveryState.OWED, message=None)
    waiting.filter(route=Route.NOW).exclude(held="").update(due_at=MusterNow())
    _record(actor, "silence.ended", found, at=at)
    return found


def visible(actor: Actor) -> QuerySet[Silence]:
    """Return the silences of the units and models the actor sees."""
    models = access.visible_models(actor).values("pk")
    mine = Q(unit__in=access.visible_units(actor).values("pk")) & (
        Q(model=None) | Q(model__in=models)
    )
    return Silence.objects.filter(mine).select_related(
        "unit", "model", "check_ref", "made_by", "agreed_by", "ended_by"
    )


def require_right(actor: Actor, silence: Silence) -> None:
    """Raise NotAllowed unless the actor may agree to it or end it."""
    access.require(actor, _right(silence), silence.unit)


def may_end(actor: Actor, silence: Silence) -> bool:
    """Say whether the actor may agree to it or end it."""
    return access.can(actor, _right(silence), silence.unit)


def shown(silence: Silence) -> dict[str, Any]:
    """Return a silence as API, page and audit tell it."""
    model, check = silence.model, silence.check_ref
    return {
        "business_unit": silence.unit.slug,
        "model": model.slug if model else None,
        "check": check.slug if check else None,
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "reason": silence.reason,
        "made_by": silence.made_by.email,
        "agreed_by": silence.agreed_by.email if silence.agreed_by else None,
        "ended_by": silence.ended_by.email if silence.ended_by else None,
    }


def _target(
    actor: Actor, body: SilenceBody
) -> tuple[BusinessUnit, RegisteredModel | None, Check | None]:
    if not body.model:
        if body.check:
            raise invalid("/model", "required", "a check belongs to a model", "name the model too")
        unit = access.visible_units(actor).filter(slug=body.business_unit).first()
        if unit is None:
            detail = f"there is no unit '{body.business_unit[:60]}' that you see"
            fix = "name a model, or a unit of GET /api/v1/business-units/"
            raise invalid("/business_unit", "unknown_unit", detail, fix)
        return unit, None, None
    try:
        model = find_model(actor, body.model)
    except RegisteredModel.DoesNotExist as error:
        detail = f"there is no model '{body.model[:60]}' that you see"
        raise invalid("/model", "unknown_model", detail, "GET /api/v1/models/") from error
    check = Check.objects.filter(model=model, slug=body.check).first() if body.check else None
    if body.check and check is None:
        known = ", ".join(model.checks.order_by("slug").values_list("slug", flat=True)) or "none"
        detail = f"the model has no check '{body.check[:60]}'"
        raise invalid("/check", "unknown_check", detail, f"its checks: {known}")
    return model.unit, model, check


def _require_span(starts: datetime, ends: datetime, *, at: datetime) -> None:
    if starts < at - _LATE:
        detail = "a silence does not begin in the past"
        raise invalid("/starts_at", "past", detail, "leave it out to begin now")
    if ends <= max(starts, at):
        detail = "a silence ends after it begins, and in the future"
        raise invalid("/ends_at", "out_of_range", detail, "choose a later end")
    if ends - starts > LONGEST:
        fix = "choose an earlier end; make a new one when it is over"
        raise invalid("/ends_at", "out_of_range", f"it lasts {LONGEST.days} days at most", fix)


def _require_running(silence: Silence, *, at: datetime) -> None:
    if silence.ends_at <= at:
        raise invalid("/", "over", "this silence is over", "make a new one")


def _person(actor: Actor) -> Person:
    if actor.person is None:
        detail = "only a person makes a silence"
        raise invalid("/", "needs_a_person", detail, "use a person's token, or the page")
    return actor.person


def _right(silence: Silence) -> Right:
    return Right.ACT_ON_INCIDENTS if silence.model_id else Right.MANAGE_UNIT


def _news_of(silence: Silence) -> Q:
    if silence.check_ref_id:
        return Q(alert__check_ref=silence.check_ref_id)
    if silence.model_id:
        return Q(alert__model=silence.model_id)
    return Q(alert__model__unit=silence.unit_id)


def _lock(silence: Silence) -> Silence:
    rows = Silence.objects.select_for_update(of=("self",))
    return rows.select_related("unit", "model", "check_ref", "made_by").get(pk=silence.pk)


def _record(actor: Actor, action: str, silence: Silence, *, at: datetime) -> None:
    audit.record(
        actor, action, silence, at=at, unit=silence.unit,
        after=shown(silence), reason=silence.reason,
    )  # fmt: skip
