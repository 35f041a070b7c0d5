"""Which rulebooks a model falls under: computed from facts, decided by people, never one verdict.

A person's decision stands beside the computed one. A new version of the pack or other facts
reopen it: it was made about something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import access, audit, bodies, inputs
from registry.access import Right
from registry.actors import Actor
from registry.models import RegisteredModel, ScopeDecision
from registry.record import holding, tags
from registry.regimes import rules
from registry.regimes.packs import Pack, packs

IN, OUT, NOT_APPLICABLE, UNKNOWN = (str(result) for result in ScopeDecision.Result.values)


@dataclass(frozen=True)
class Determination:
    """What the facts say about one rulebook, and what a person decided about it."""

    pack: Pack
    status: str
    computed: str
    computed_reason: str
    facts: dict[str, Any]
    decision: ScopeDecision | None = None
    reopened: str = ""

    @property
    def result(self) -> str:
        """Return what holds: a person's decision while it stands, else what was computed."""
        stands = self.decision is not None and not self.reopened
        return self.decision.result if self.decision and stands else self.computed

    @property
    def differs(self) -> bool:
        """Say whether a person decided otherwise than the facts say."""
        known = self.computed != UNKNOWN
        return self.decision is not None and known and self.decision.result != self.computed

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to decide."""
        return bool(self.reopened) or self.result == UNKNOWN


def determinations(model: RegisteredModel, *, at: datetime) -> list[Determination]:
    """Return one determination for each pack."""
    known = facts_of(model)
    rows = ScopeDecision.objects.filter(model=model).exclude(by=None).select_related("by")
    newest = rows.order_by("regime", "-at", "-pk").distinct("regime")
    decided = {row.regime: row for row in newest}
    return [
        _determination(pack, known, decided.get(pack.id), day=at.date())
        for pack in packs().values()
    ]


def facts_of(model: RegisteredModel) -> dict[str, Any]:
    """Return the facts that triggers look at: the record's, and what the firm says of itself."""
    return {**tags.facts(holding.said(model)), **firm_facts()}


def firm_facts() -> dict[str, bool]:
    """Return what the setting MUSTER_FIRM says; what it leaves out is not known."""
    return {f"firm.{name}": said == "yes" for name, said in settings.MUSTER_FIRM.items()}


def _determination(
    pack: Pack, known: Mapping[str, Any], decision: ScopeDecision | None, *, day: date
) -> Determination:
    computed, reason = _compute(pack, known, day=day)
    facts = {name: known.get(name) for name in rules.names(pack.trigger)}
    facts["places"] = known.get("places")
    return Determination(
        pack=pack,
        status=pack.status_on(day),
        computed=computed,
        computed_reason=reason,
        facts=facts,
        decision=decision,
        reopened=_reopened(pack, facts, decision) if decision else "",
    )


def _compute(pack: Pack, known: Mapping[str, Any], *, day: date) -> tuple[str, str]:
    if pack.is_over(day):
        return NOT_APPLICABLE, f"It is {pack.status_on(day)}."
    places = known.get("places")
    if pack.where and places is None:
        return UNKNOWN, "Not known: where the model is used."
    if pack.where and not set(pack.where) & set(places or ()):
        return NOT_APPLICABLE, f"The model is not used in {', '.join(pack.where)}."
    answer = rules.evaluate(pack.trigger, known)
    if answer.result is None:
        names = "; ".join(rules.FACTS[name] for name in answer.missing)
        return UNKNOWN, f"Not known: {names}."
    seen = "; ".join(
        f"{rules.FACTS[name]}: {_words(value)}" for name, value in answer.facts.items()
    )
    return (IN if answer.result else OUT), f"{seen[:1].upper()}{seen[1:]}."


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    parts = value if isinstance(value, list) else [value]
    return ", ".join(str(part).replace("_", " ") for part in parts)


def _reopened(pack: Pack, facts: Mapping[str, Any], decision: ScopeDecision) -> str:
    said = []
    if decision.pack_version != pack.version:
        said.append(f"decided under version {decision.pack_version}, now {pack.version}")
    changed = [
        rules.FACTS.get(name, "where it is used")
        for name in sorted(facts.keys() | decision.facts.keys())
        if facts.get(name) != decision.facts.get(name)
    ]
    if changed:
        said.append(f"facts changed since: {'; '.join(changed)}")
    return ", ".join(said)


def decide(
    actor: Actor, model: RegisteredModel, regime: str, data: Any, *, at: datetime
) -> Determination:
    """Keep what a person decides about one rulebook; rows are only ever added."""
    if regime not in packs():
        raise ScopeDecision.DoesNotExist(regime)
    access.require(actor, Right.EDIT_MODELS, model.unit)
    body = bodies.parse(inputs.ScopeBody, data)
    with transaction.atomic():
        RegisteredModel.objects.select_for_update(of=("self",)).get(pk=model.pk)
        before = find(model, regime, at=at)
        known = before.decision
        same = known and (known.result, known.reason) == (body.result, body.reason)
        if not same or before.reopened:
            ScopeDecision.objects.create(
                model=model,
                regime=regime,
                pack_version=before.pack.version,
                result=body.result,
                facts=before.facts,
                reason=body.reason,
                by=actor.person,
                at=at,
            )
            before_result = known.result if known else None
            audit.record(
                actor, "model.scope_decided", model, at=at, unit=model.unit,
                before={f"scope.{regime}": before_result},
                after={f"scope.{regime}": body.result, "pack_version": before.pack.version},
                reason=body.reason[:500],
            )  # fmt: skip
    return find(model, regime, at=at)


def find(model: RegisteredModel, regime: str, *, at: datetime) -> Determination:
    """Return the determination of one rulebook, or raise DoesNotExist."""
    for found in determinations(model, at=at):
        if found.pack.id == regime:
            return found
    raise ScopeDecision.DoesNotExist(regime)
