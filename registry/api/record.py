"""Endpoints of the record: what it lacks, its rulebooks, and the tier that people set."""

from rest_framework.request import Request
from rest_framework.response import Response

from registry import access, assessment, inputs, scope, tiering, tiers
from registry.access import Right
from registry.api import record_answers as answers
from registry.api_view import ResourceView, documented
from registry.models import RegisteredModel
from registry.regimes.packs import packs


class Completeness(ResourceView):
    @documented("Get what a record lacks", answer=answers.CompletenessAnswer)
    def get(self, request: Request, key: str) -> Response:
        """Return the gaps of a record with who should fill each by when, and its values."""
        model = self.find_model(key)
        return self.answer(answers.completeness(model, assessment.assess(model, at=self.at)))


class RegimeList(ResourceView):
    @documented("List rulebooks", answer=answers.RegimesAnswer)
    def get(self, request: Request) -> Response:
        """Return every rulebook that Muster knows, with what it is worth today."""
        rows = [answers.regime(pack, self.at.date()) for pack in packs().values()]
        return self.answer(answers.RegimesAnswer(results=rows))


class ScopeList(ResourceView):
    @documented("List the rulebooks of a model", answer=answers.ScopesAnswer)
    def get(self, request: Request, key: str) -> Response:
        """Return, for each rulebook, whether the model falls under it; never one verdict."""
        rows = scope.determinations(self.find_model(key), at=self.at)
        return self.answer(answers.ScopesAnswer(results=[answers.scope(row) for row in rows]))


class ScopeDetail(ResourceView):
    @documented("Get a rulebook of a model", answer=answers.ScopeAnswer)
    def get(self, request: Request, key: str, regime: str) -> Response:
        """Return whether the model falls under one rulebook, and why."""
        model = self.find_model(key)
        return self.answer(answers.scope(scope.find(model, regime, at=self.at)))

    @documented("Decide on a rulebook", body=inputs.ScopeBody, answer=answers.ScopeAnswer)
    def put(self, request: Request, key: str, regime: str) -> Response:
        """Decide whether the model falls under one rulebook; earlier decisions are kept."""
        model = self.find_model(key, Right.EDIT_MODELS)
        decided = scope.decide(self.actor, model, regime, request.data, at=self.at)
        return self.answer(answers.scope(decided))


class _Tier(ResourceView):
    def _shown(self, model: RegisteredModel, *, created: bool = False) -> Response:
        rows = model.tier_overrides.select_related("requested_by", "approved_by", "ended_by")
        shown = answers.TierAnswer(
            tier=model.tier,
            computed_tier=model.computed_tier,
            tier_reasons=model.tier_reasons,
            rule_version=tiering.RULE_VERSION,
            results=[
                answers.override(row, model.computed_tier, at=self.at)
                for row in rows.order_by("-pk")[:100]
            ],
        )
        return self.answer(shown, created=created)


class TierOverrides(_Tier):
    @documented("Get the tier of a model", answer=answers.TierAnswer)
    def get(self, request: Request, key: str) -> Response:
        """Return the tier that holds, the computed one with its reasons, and every override."""
        return self._shown(self.find_model(key))

    @documented(
        "Ask for another tier",
        body=inputs.TierOverrideBody,
        answer=answers.TierAnswer,
        created=True,
    )
    def post(self, request: Request, key: str) -> Response:
        """Set a heavier tier at once, or ask for a lighter one that somebody else approves."""
        model = self.find_model(key)
        access.require_to_edit_or_approve(self.actor, model.unit)
        changed, _ = tiers.ask(self.actor, model, request.data, at=self.at)
        return self._shown(changed, created=True)


class TierApproval(_Tier):
    @documented("Approve another tier", body=inputs.DecisionBody, answer=answers.TierAnswer)
    def post(self, request: Request, key: str) -> Response:
        """Let a lighter tier hold; only an independent approver who is signed in, never a token."""
        model = self.find_model(key, Right.APPROVE)
        changed, _ = tiers.approve(self.actor, model, request.data, at=self.at)
        return self._shown(changed)


class TierEnd(_Tier):
    @documented("End another tier", body=inputs.ReasonBody, answer=answers.TierAnswer)
    def post(self, request: Request, key: str) -> Response:
        """Take an override back, or refuse one that was asked for; the computed tier holds."""
        model = self.find_model(key)
        access.require_to_edit_or_approve(self.actor, model.unit)
        return self._shown(tiers.end(self.actor, model, request.data, at=self.at))
