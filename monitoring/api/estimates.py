"""Estimates of a model's performance until its labels are there."""

from dataclasses import asdict
from datetime import datetime

from django.urls import URLPattern
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.queries.estimates import estimates_of
from registry.api_view import ResourceView, documented, route

ASSUMES = (
    "An estimate is no verdict: it assumes that the relation between inputs and outcome is as it "
    "was in the reference, and cannot see that it has changed."
)


class EstimateOut(BaseModel):
    """One metric of one window, expected and, once labels have come, realized."""

    check: str
    window_start: datetime
    window_end: datetime
    metric: str
    estimate: float
    n: int | None
    limit: float | None
    direction: str
    realized: float | None
    error: float | None
    past_error: float | None
    compared_windows: int
    reference_error: float | None
    run: int | None


class EstimatesOut(BaseModel):
    """The estimates of a model, the newest window first."""

    model: str
    assumes: str
    estimates: list[EstimateOut]


class ModelEstimates(ResourceView):
    """What is expected of the windows whose labels are still to come."""

    @documented("Show what is expected until the labels come", answer=EstimatesOut)
    def get(self, request: Request, key: str) -> Response:
        """Return the estimates, each with the error of the earlier ones."""
        model = self.find_model(key)
        found = [EstimateOut(**asdict(one), error=one.error) for one in estimates_of(model)]
        return self.answer(EstimatesOut(model=model.slug, assumes=ASSUMES, estimates=found))


urlpatterns: list[URLPattern] = [route("models/<key>/estimates/", ModelEstimates, "estimates")]
