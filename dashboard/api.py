"""The fleet list for programs: the same query as the page."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from dashboard.queries import Filters, fleet_rows
from monitoring.states import HealthState
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid

_MAX_LIMIT = 500
_FILTERS = {
    "bu": "slug of a business unit",
    "status": "health states, separated by commas",
    "tier": "1 to 4",
    "owner": "e-mail address of the owner or deputy",
    "tag": "a tag of the model",
    "q": "part of the name or slug",
    "page": "1 is the first",
    "limit": "rows a page, 1 to 500; 50 when absent",
}

UNWATCHED = "Nobody watches this model yet: it has no check."


class FleetRow(BaseModel):
    """One model with its health and what is open; health, compliance and lifecycle apart."""

    slug: str
    name: str
    business_unit: str
    owner: str
    tier: int
    task: str
    lifecycle: str
    tags: list[str]
    champion: int | None
    health: str
    reasons: list[str]
    since: datetime | None
    observed_at: datetime | None
    open_alerts: int
    headline: str | None
    controls_open: int
    windows: list[str]
    rank: int


class FleetPage(BaseModel):
    """One page of the fleet, worst first; `count` and `totals` are of what the filters match."""

    count: int
    next: str | None
    previous: str | None
    totals: dict[str, int]
    results: list[FleetRow]


class FleetView(ResourceView):
    """The fleet, worst first."""

    @documented("List the fleet, worst first", answer=FleetPage, filters=_FILTERS)
    def get(self, request: Request) -> Response:
        filters = _filters(request)
        found = fleet_rows(self.actor, filters)
        totals = dict.fromkeys(HealthState.values, 0)
        for count in found.counts:
            totals[count["state"]] += count["matching"]
        more = filters.page * filters.size < found.matching
        body = FleetPage(
            count=found.matching,
            next=_address(request, filters.page + 1) if more else None,
            previous=_address(request, filters.page - 1) if filters.page > 1 else None,
            totals=totals,
            results=[_row(row) for row in found.rows],
        )
        return self.answer(body)


def _address(request: Request, number: int) -> str:
    query = request._request.GET.copy()
    query["page"] = str(number)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _filters(request: Request) -> Filters:
    given = request.query_params
    status = tuple(filter(None, given.get("status", "").split(",")))
    if unknown := set(status) - set(HealthState.values):
        detail = f"'{sorted(unknown)[0][:40]}' is no health state."
        raise invalid("/status", "unknown", detail, f"Use {', '.join(HealthState.values)}.")
    return Filters(
        unit=given.get("bu", ""),
        status=status,
        tier=_whole(request, "tier", 4) if given.get("tier") else None,
        owner=given.get("owner", ""),
        tag=given.get("tag", ""),
        search=given.get("q", ""),
        page=_whole(request, "page", 100_000, default=1),
        size=_whole(request, "limit", _MAX_LIMIT, default=50),
    )


def _whole(request: Request, name: str, most: int, *, default: int = 1) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        fix = f"Give a whole number from 1 to {most}."
        raise invalid(f"/{name}", "out_of_range", f"'{text[:40]}' is not accepted.", fix)
    return int(text)


def _row(row: dict[str, Any]) -> FleetRow:
    body = {
        **{name: row[name] for name in FleetRow.model_fields if name in row},
        "windows": list(reversed(row["windows"])),
        "business_unit": row["unit__slug"],
        "owner": row["owner__email"],
        "health": row["state"],
        "reasons": row["health__reasons"] or [UNWATCHED],
        "since": row["health__since"],
        "observed_at": row["health__observed_at"],
    }
    return FleetRow.model_validate(body)


api_urlpatterns = [route("fleet/", FleetView, "fleet")]
