"""Endpoint of a person's wish: may a model be retrained now, and please do."""

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from policies import serializers
from policies.retraining import asking
from registry import access
from registry.access import Right
from registry.api_view import ResourceView, documented
from registry.bodies import Body
from registry.plain_text import Line


class AskBody(Body):
    """Why, and whether what holds it back is overridden (a person signed in on the page)."""

    reason: Line = Field(max_length=asking.LONGEST_REASON)
    override: bool = False


class ChanceAnswer(BaseModel):
    """What keeps a retraining from being asked for: never, and not without an override."""

    policy: str | None
    can_ask: bool
    impossible: list[str]
    held: list[str]


class ModelRetraining(ResourceView):
    @documented("Get whether a model can be retrained", answer=ChanceAnswer)
    def get(self, request: Request, key: str) -> Response:
        """Return the policy in force and what stands in the way now."""
        found = asking.chance(self.find_model(key), at=self.at)
        version = found.policy
        answer = ChanceAnswer(
            policy=f"{version.policy.slug}@{version.number}" if version else None,
            can_ask=found.can_ask,
            impossible=list(found.impossible),
            held=list(found.held),
        )
        return self.answer(answer)

    @documented(
        "Ask for a retraining", body=AskBody, answer=serializers.DecisionAnswer, created=True
    )
    def post(self, request: Request, key: str) -> Response:
        """Ask the policy's trainer; the decision names who asked, why, and what was overridden."""
        model = self.find_model(key)
        access.require(self.actor, Right.ACT_ON_INCIDENTS, model.unit)
        body = self.read(AskBody)
        row = asking.ask(self.actor, model, reason=body.reason, override=body.override, at=self.at)
        return self.answer(serializers.decision(row), created=True)
