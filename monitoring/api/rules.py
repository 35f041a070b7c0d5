"""Endpoint of the rules that alert: how often each does, and how often it was right."""

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.queries import rules as queries
from registry.api_view import ResourceView, documented, route


class RuleAnswer(BaseModel):
    model: str
    business_unit: str
    check: str
    condition: str
    alerts: int
    messages: int
    closes: int
    useful: int
    precision: float | None
    acknowledged_in_seconds: float | None
    flagged: bool


class RuleList(ResourceView):
    @documented("List alert rules", answer=RuleAnswer, listed=True)
    def get(self, request: Request) -> Response:
        """Return the rules that alerted in the past year, and what people concluded of them."""
        rows = queries.rules(self.actor, at=self.at)
        return self.page(rows, order=["-alerts", "check_ref", "condition"], show=show)


def show(row: dict[str, object]) -> RuleAnswer:
    """Return a rule as the API answers it."""
    rule = queries.rule(row)
    took = rule.acknowledged_in
    return RuleAnswer(
        model=rule.model,
        business_unit=rule.business_unit,
        check=rule.check,
        condition=rule.condition,
        alerts=rule.alerts,
        messages=rule.messages,
        closes=rule.closes,
        useful=rule.useful,
        precision=rule.precision,
        acknowledged_in_seconds=took.total_seconds() if took else None,
        flagged=rule.flagged,
    )


urlpatterns: list[URLPattern] = [route("rules/", RuleList, "rules")]
