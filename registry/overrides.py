"""Which tier holds: the computed one, or the one a person set in its place."""

from datetime import datetime

from registry import audit, tiering
from registry.actors import Actor
from registry.models import RegisteredModel, TierOverride


def open_one(model: RegisteredModel) -> TierOverride | None:
    """Return the override that is asked for or in force, if any."""
    return TierOverride.objects.filter(model=model, ended_at=None).first()


def is_lighter(override: TierOverride, computed: int) -> bool:
    """Say whether the override makes the model lighter than the rule does."""
    return override.tier > computed


def holds(override: TierOverride, computed: int, *, at: datetime) -> bool:
    """Say whether it is in force: a heavier tier at once, a lighter one approved and in time."""
    if override.ended_at is not None or (override.ends_at and override.ends_at <= at):
        return False
    return override.approved_at is not None or not is_lighter(override, computed)


def settle(actor: Actor, model: RegisteredModel, *, at: datetime) -> int:
    """Return the tier that holds, and end an override that the computed tier has overtaken."""
    override = open_one(model)
    if override is None:
        return model.computed_tier
    if moot := _overtaken(override, model.computed_tier):
        end(actor, model, override, moot, at=at)
        return model.computed_tier
    return override.tier if holds(override, model.computed_tier, at=at) else model.computed_tier


def _overtaken(override: TierOverride, computed: int) -> str:
    """Say why an override no longer fits the computed tier; '' when it does."""
    name, now = tiering.name(override.tier), tiering.name(computed)
    if override.tier == computed:
        return f"the rule itself now gives {now}"
    if is_lighter(override, override.computed_tier) != is_lighter(override, computed):
        change = "lighter" if is_lighter(override, computed) else "heavier"
        return f"the rule now gives {now}, so that {name} would be {change} than computed"
    if is_lighter(override, computed) and computed < override.computed_tier:
        was = tiering.name(override.computed_tier)
        return f"the rule now gives {now}; {name} was asked for while it gave {was}"
    return ""


def end(
    actor: Actor, model: RegisteredModel, override: TierOverride, reason: str, *, at: datetime
) -> None:
    """Close an override, in the caller's transaction; the tier is set by the caller."""
    override.ended_at, override.ended_by, override.end_reason = at, actor.person, reason[:500]
    override.save(update_fields=["ended_at", "ended_by", "end_reason"])
    audit.record(
        actor, "model.tier_override_ended", model, at=at, unit=model.unit,
        after={"tier": override.tier, "override": override.pk}, reason=override.end_reason,
    )  # fmt: skip
