"""Endpoint of a model's health, now and in the past."""

from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.models import HealthSpan
from monitoring.queries import health as queries
from monitoring.states import HealthState
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid

LONGEST_HISTORY_DAYS = 400
NEVER_LOOKED = "Nothing watches this model: nobody has ever looked."


class SpanAnswer(BaseModel):
    state: str
    reason: str
    started_at: datetime
    ended_at: datetime | None


class HealthAnswer(BaseModel):
    model: str
    state: str
    reasons: list[str]
    since: datetime | None
    observed_at: datetime | None
    stale_at: datetime | None
    history: list[SpanAnswer]


class ModelHealth(ResourceView):
    @documented(
        "Get the health of a model",
        answer=HealthAnswer,
        filters={"days": f"how far back the history goes: 90, at most {LONGEST_HISTORY_DAYS}"},
    )
    def get(self, request: Request, key: str) -> Response:
        """Return the state, its reasons worst first, and the history of states."""
        days = _days(request.query_params.get("days", "90"))
        model = self.find_model(key)
        health = queries.health_of(model)
        spans = queries.health_history(model, days=days, at=self.at)
        answer = HealthAnswer(
            model=model.slug,
            state=health.state if health else HealthState.UNKNOWN,
            reasons=health.reasons if health else [NEVER_LOOKED],
            since=health.since if health else None,
            observed_at=health.observed_at if health else None,
            stale_at=health.stale_at if health else None,
            history=[_span(span) for span in spans],
        )
        return self.answer(answer)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LONGEST_HISTORY_DAYS:
        detail = f"a whole number from 1 to {LONGEST_HISTORY_DAYS}"
        raise invalid("/days", "invalid", detail, "days=30")
    return int(text)


def _span(span: HealthSpan) -> SpanAnswer:
    return SpanAnswer(
        state=span.state, reason=span.reason, started_at=span.started_at, ended_at=span.ended_at
    )


urlpatterns: list[URLPattern] = [route("models/<key>/health/", ModelHealth, "model-health")]
