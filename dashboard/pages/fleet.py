"""The fleet: totals, units by health, and the models, worst first."""

from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages.door import number_from, page, pager
from dashboard.queries import Filters, fleet_rows, watcher
from dashboard.queries.fleet import PAGE, Fleet, fleet_version
from dashboard.queries.frame import actor_of, standing, visible
from dashboard.queries.imports import waiting
from monitoring.states import HealthState
from registry import access
from registry.access import Right

_GLYPHS = {state: mark.shape for state, mark in words.RUNS.items()}


@page
def start(request: HttpRequest) -> HttpResponse:
    """Open on my own models when I own any, else on the fleet."""
    own = Filters(owner=request.user.get_username(), size=1)
    fleet = fleet_rows(actor_of(request), own, models=visible(request))
    return _show(request, "me" if fleet.matching else "")


@page
def fleet(request: HttpRequest) -> HttpResponse:
    """Show the fleet, filtered by the address."""
    if "v" in request.GET and request.GET["v"] == fleet_version(visible(request)):
        return HttpResponse(status=204)  # a poll, and nothing has moved
    return _show(request, request.GET.get("owner", ""))


def _show(request: HttpRequest, owner: str) -> HttpResponse:
    filters = _filters(request, owner)
    found = fleet_rows(actor_of(request), filters, models=visible(request))
    context = {
        "totals": _totals(found),
        "units": _units(found),
        "rows": [_row(row, found) for row in found.rows],
        "fleet": found,
        "filters": filters,
        "whose": owner,
        "statuses": [
            {"value": state.value, "mark": words.HEALTH[state], "on": state in filters.status}
            for state in HealthState
        ],
        "tiers": [(number, words.tier(number)) for number in (1, 2, 3, 4)],
        "filtered": any((filters.unit, filters.status, filters.tier, owner, filters.search)),
        "first": (filters.page - 1) * PAGE + 1,
        "last": (filters.page - 1) * PAGE + len(found.rows),
        "pages": pager(request, filters.page, filters.page * PAGE < found.matching),
        "may_register": standing(request).may_register,
        "waiting": waiting(actor_of(request)),
        "trouble": watcher.strip() if _runs_muster(request) else [],
        "poll": _poll(request, found.version, owner),
    }
    return render(request, "pages/fleet.html", context)


def _runs_muster(request: HttpRequest) -> bool:
    return access.can(actor_of(request), Right.MANAGE_PLATFORM, None)


def _filters(request: HttpRequest, owner: str) -> Filters:
    given = request.GET
    status = ",".join(given.getlist("status")).split(",")
    tier = given.get("tier", "")
    return Filters(
        unit=given.get("bu", ""),
        status=tuple(state for state in status if state in HealthState.values),
        tier=int(tier) if tier in {"1", "2", "3", "4"} else None,
        owner=request.user.get_username() if owner == "me" else owner,
        tag=given.get("tag", ""),
        search=given.get("q", "").strip()[:100],
        page=number_from(request, "page"),
    )


def _poll(request: HttpRequest, version: str, owner: str) -> str:
    query = request.GET.copy()
    query["v"] = version
    if owner:
        query["owner"] = owner
    return f"/fleet/?{query.urlencode()}"


def _totals(found: Fleet) -> list[dict[str, Any]]:
    sums: dict[str, int] = defaultdict(int)
    for count in found.counts:
        sums[count["state"]] += count["n"]
    return [{"state": s.value, "mark": words.HEALTH[s], "n": sums[s]} for s in HealthState]


def _units(found: Fleet) -> list[dict[str, Any]]:
    units: dict[str, dict[str, Any]] = {}
    for count in found.counts:
        unit = units.setdefault(
            count["unit__slug"],
            {"slug": count["unit__slug"], "name": count["unit__name"], "by": {}, "risky": 0},
        )
        unit["by"][count["state"]] = count["n"]
        if count["state"] in (HealthState.CRITICAL, HealthState.UNKNOWN, HealthState.WATCH):
            unit["risky"] += count["tier_1"]
    for unit in units.values():
        unit["total"] = sum(unit["by"].values())
        unit["cells"] = [_cell(unit, state) for state in HealthState]
    return sorted(units.values(), key=_badness, reverse=True)


def _cell(unit: dict[str, Any], state: HealthState) -> dict[str, Any]:
    n = unit["by"].get(state, 0)
    shade = 0 if not n else min(4, 1 + int(4 * n / unit["total"]))
    tone = words.HEALTH[state].tone
    return {"state": state.value, "n": n, "tone": tone, "shade": shade}


def _badness(unit: dict[str, Any]) -> tuple[float, ...]:
    """Worst first: by count in the order of attention, then by share."""
    counts = [unit["by"].get(state, 0) for state in HealthState]
    return (*counts[:3], sum(counts[:3]) / unit["total"])


def _row(row: dict[str, Any], found: Fleet) -> dict[str, Any]:
    assert found.now is not None
    reasons = row["health__reasons"] or ["Nobody watches this model yet: it has no check."]
    return {
        "slug": row["slug"],
        "name": row["name"],
        "mark": words.health(row["state"]),
        "unit": row["unit__name"],
        "tier": words.tier(row["tier"]),
        "owner": row["owner__name"],
        "version": f"v{row['champion']}" if row["champion"] else "",
        "signal": row["headline"] or ("" if row["state"] == HealthState.OK else reasons[0]),
        "open": row["open_alerts"] or "",
        "controls": row["controls_open"] or "",
        "windows": "".join(_GLYPHS.get(state, "◌") for state in reversed(row["windows"])),
        "windows_said": ", ".join(words.run(state).word for state in reversed(row["windows"])),
        "checked": words.age(row["health__observed_at"], found.now),
        "rank": row["rank"],
    }
