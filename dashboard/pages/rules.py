"""The rules that alert, the noisiest first: what they cost people and how often they were right."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages.door import number_from, page, pager
from dashboard.queries.frame import actor_of
from monitoring.queries import rules as read
from registry import clock

PAGE = 50


@page
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules of the reader's models by how many messages they sent."""
    number = number_from(request, "page")
    first = (number - 1) * PAGE
    rows = read.rules(actor_of(request), at=clock.now())
    found = list(
        rows.order_by("-messages", "-alerts", "check_ref", "condition")[first:][: PAGE + 1]
    )
    shown = [read.rule(row) for row in found[:PAGE]]
    context = {
        "rows": [_row(rule) for rule in shown],
        "flagged": sum(rule.flagged for rule in shown),
        "enough": read.ENOUGH_CLOSES,
        "pages": pager(request, number, len(found) > PAGE),
    }
    return render(request, "pages/rules.html", context)


def _row(rule: read.Rule) -> dict[str, Any]:
    return {
        "check": rule.check,
        "condition": words.sentence(rule.condition),
        "model": rule.model_name,
        "slug": rule.model,
        "unit": rule.business_unit,
        "alerts": rule.alerts,
        "messages": rule.messages,
        "closes": rule.closes,
        "precision": words.share(rule.precision),
        "acknowledged": _lasting(rule.acknowledged_in),
        "flagged": rule.flagged,
    }


def _lasting(span: timedelta | None) -> str:
    if span is None:
        return words.DASH
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
