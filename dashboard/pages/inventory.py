"""The register as a table, of today or of any past day, and the way to it as a file."""

from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from dashboard import words
from dashboard.pages import moment
from dashboard.pages.door import number_from, page, pager
from dashboard.queries.frame import actor_of
from registry import access, clock, filters, history, serving
from registry.models import AliasEvent, ModelRevision
from registry.models.models import Lifecycle
from registry.problems import Invalid

_PAGE = 50
_KNOWN = {"tier": ("1", "2", "3", "4"), "lifecycle": tuple(Lifecycle.values)}
_FILTERS = ("q", "bu", "owner", *_KNOWN)


@page
def inventory(request: HttpRequest) -> HttpResponse:
    """List the records of a moment by name of their address, with filters and export."""
    try:
        asked = moment.asked(request)
    except Invalid as error:
        return moment.wrong(request, error)
    at, number = asked.at if asked else clock.now(), number_from(request, "page")
    actor, params = actor_of(request), _filters(request)
    found = filters.filter_revisions(history.inventory_as_of(actor, at), params, actor)
    first = (number - 1) * _PAGE
    rows = list(found.order_by(F("slug"))[first : first + _PAGE + 1])
    champions = serving.champions(rows[:_PAGE], at)
    context = {
        "asked": asked,
        "day": words.date_input(at) if asked else "",
        "rows": [_row(row, champions.get(row.pk)) for row in rows[:_PAGE]],
        "total": found.count(),
        "filters": params.dict(),
        "filtered": bool(params),
        "units": access.visible_units(actor).order_by("name"),
        "tiers": [(str(tier), words.tier(tier)) for tier in (1, 2, 3, 4)],
        "lifecycles": Lifecycle.choices,
        "files": _files(params, asked),
        "pages": pager(request, number, len(rows) > _PAGE),
        "today": words.date_input(clock.now()),
        "suffix": f"?as_of={asked.text}" if asked else "",
    }
    return render(request, "pages/inventory.html", context)


def _filters(request: HttpRequest) -> QueryDict:
    """Return the filters of the address that can be understood; the rest is left out."""
    given = QueryDict(mutable=True)
    for name in _FILTERS:
        text = request.GET.get(name, "").strip()[:100]
        if text and text in _KNOWN.get(name, (text,)) and "\x00" not in text:
            given[name] = text
    return given


def _files(params: QueryDict, asked: moment.Asked | None) -> list[dict[str, str]]:
    wanted = params.copy()
    if asked:
        # The day ends in the reader's zone: the file gets the instant that the page shows.
        wanted["as_of"] = moment.address(asked.at)
    found = []
    for form in ("csv", "json"):
        wanted["format"] = form
        address = f"/api/v1/exports/inventory/?{wanted.urlencode()}"
        found.append({"name": form.upper(), "href": address})
    return found


def _row(row: ModelRevision, champion: AliasEvent | None) -> dict[str, Any]:
    said = row.snapshot
    lifecycle = said["lifecycle"]
    return {
        "slug": said["slug"],
        "today": row.model.slug,
        "name": said["name"],
        "unit": row.unit.name,
        "owner": row.owner_name or said["owner"],  # type: ignore[attr-defined]
        "tier": words.tier(said["tier"]),
        "lifecycle": Lifecycle(lifecycle).label if lifecycle in Lifecycle.values else lifecycle,
        "purpose": said["purpose"],
        "version": f"v{champion.to_number}" if champion else "",
        "since": words.moment(champion.seen_at) if champion else "",
    }
