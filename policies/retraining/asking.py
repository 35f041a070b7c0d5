"""A person asks for a retraining, and overrides with a reason what holds it back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from policies.models import Decision, PolicyVersion
from policies.retraining import decisions, facts, in_force
from policies.retraining.decide import RETRAIN, decide, hindrances
from policies.retraining.decide import Decision as Decided
from policies.retraining.seen import to_json
from policies.retraining.specs import PolicySpec
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel
from registry.problems import invalid

LONGEST_REASON = 400


@dataclass(frozen=True)
class Chance:
    """Whether a retraining can be asked for now, and what only an override gets past."""

    policy: PolicyVersion | None
    impossible: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def can_ask(self) -> bool:
        """Say whether asking alone is enough."""
        return not self.impossible and not self.held


def chance(model: RegisteredModel, *, at: datetime) -> Chance:
    """Return what stands between a person and a retraining of this model."""
    version = in_force.policy_of(model)
    if version is None:
        text = "No retraining policy applies to this model, so Muster knows no trainer for it."
        return Chance(None, impossible=(text,))
    spec = PolicySpec.model_validate(version.spec)
    never, held = hindrances(facts.gather(model, trigger=None, spec=spec), spec, at)
    return Chance(version, tuple(never), tuple(held))


def ask(
    actor: Actor,
    model: RegisteredModel,
    *,
    reason: str,
    override: bool = False,
    at: datetime,
) -> Decision:
    """Ask the trainer of the model's policy; what holds it back needs `override` and its right."""
    access.require(actor, Right.ACT_ON_INCIDENTS, model.unit)
    if override:
        _require_override(actor, model)
    reason = reason.strip()
    if not reason:
        raise invalid("/reason", "required", "say why", "one sentence; it stays with the decision")
    if len(reason) > LONGEST_REASON:
        detail = f"at most {LONGEST_REASON} characters"
        raise invalid("/reason", "too_long", detail, "shorten it")
    with transaction.atomic():
        # The lock that automatic decisions take too: nobody spends the last of a budget twice.
        locked = RegisteredModel.objects.select_for_update(of=("self",), no_key=True)
        model = locked.select_related("unit").get(pk=model.pk)
        return _ask(actor, model, reason=reason, override=override, at=at)


def _ask(
    actor: Actor, model: RegisteredModel, *, reason: str, override: bool, at: datetime
) -> Decision:
    found = chance(model, at=at)
    if found.policy is None or found.impossible:
        fix = "mend that first; an override does not get past it"
        raise invalid("/", "impossible", found.impossible[0], fix)
    if found.held and not override:
        fix = "wait, or ask again with an override if you have the right to edit policies"
        raise invalid("/override", "held", " ".join(found.held), fix)
    spec = PolicySpec.model_validate(found.policy.spec)
    seen = facts.gather(model, trigger=None, spec=spec)
    who = actor.person.name if actor.person else actor.label
    said = [f"{who} asks for it: {reason}", *(f"Overridden: {text}" for text in found.held)]
    decided = Decided(RETRAIN, tuple(said), decide(seen, spec, at).inputs)
    row = Decision.objects.create(
        policy_version=found.policy,
        model=model,
        asked_by=actor.person,
        action=Decision.Action.RETRAIN,
        reasons=said,
        facts={"seen": to_json(seen), "inputs": {**decided.inputs, "overridden": [*found.held]}},
        at=at,
    )
    decisions.request(row, spec, at)
    decisions.tell(model, decided, at)
    audit.record(
        actor,
        "retraining.overridden" if found.held else "retraining.asked",
        model,
        at=at,
        unit=model.unit,
        after={"policy": f"{found.policy.policy.slug}@{found.policy.number}", "said": said},
        reason=reason,
    )
    return row


def _require_override(actor: Actor, model: RegisteredModel) -> None:
    access.require(actor, Right.EDIT_POLICIES, model.unit)
    if actor.by_token:
        fix = "sign in, and override on the incident's page"
        raise invalid("/override", "person_needed", "a token never overrides a hold", fix)
