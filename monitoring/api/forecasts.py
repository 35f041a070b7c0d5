"""How many false alarms a data check would have: asked before it is saved, answered by a worker."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from rest_framework.response import Response

from monitoring import analyses, forecasts
from monitoring.models import Analysis
from registry.access import Right
from registry.api_view import ResourceView, documented, route
from registry.bodies import Change


class ForecastIn(Change):
    """The specification to try; of a check that exists only what would change."""

    spec: dict[str, Any] = Field(default_factory=dict)


class HadOut(BaseModel):
    """The alerts that people closed as false alarms, once the check has run for four weeks."""

    false_alarms: int
    weeks: float


class ForecastOut(BaseModel):
    """How far the forecast is, and its figures: false alarms a week, windows tried, rows each."""

    state: Literal["waiting", "made", "failed"]
    check: str
    spec: dict[str, Any]
    requested_at: datetime
    finished_at: datetime | None
    fault: str
    result: dict[str, Any]
    had: HadOut | None


def forecast_out(found: Analysis, *, at: datetime) -> ForecastOut:
    """Return a forecast as the API answers it."""
    slug = str(found.body["check"])
    had = forecasts.had(found.model, slug, at=at)
    return ForecastOut(
        state=found.state,
        check=slug,
        spec=found.body["spec"],
        requested_at=found.requested_at,
        finished_at=found.finished_at,
        fault=found.fault,
        result=found.result,
        had=HadOut(**vars(had)) if had else None,
    )


class CheckForecast(ResourceView):
    """The false alarms to expect of a check, which need not exist yet."""

    @documented("Show the forecast of a check", answer=ForecastOut)
    def get(self, request: object, key: str, check: str) -> Response:
        """Show the newest forecast with what the check had; 404 until somebody asks for one."""
        found = analyses.forecast_of(self.find_model(key), check)
        return self.answer(forecast_out(found, at=self.at))

    @documented("Ask for the forecast of a check", body=ForecastIn, answer=ForecastOut, upsert=True)
    def post(self, request: object, key: str, check: str) -> Response:
        """Have windows drawn from the reference and judged: how many alerts would chance open?"""
        model = self.find_model(key, Right.EDIT_MONITORING)
        body = self.read(ForecastIn)
        made, created = analyses.request_forecast(
            self.actor, model, check, spec=body.spec, at=self.at
        )
        return self.answer(forecast_out(made, at=self.at), created=created)


urlpatterns = [route("models/<key>/checks/<check>/forecast/", CheckForecast, "check-forecast")]
