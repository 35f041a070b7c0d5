"""A model as it was: what its record, its aliases and its versions said at a moment.

Parts of the model page that keep no history are not shown; today's values would lie here.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import words
from dashboard.pages import moment
from dashboard.queries.frame import actor_of
from registry import history, serving
from registry.models import AliasEvent, ModelRevision, RegisteredModel
from registry.models.models import DecisionRole, Lifecycle, Task
from registry.queries import CHAMPION

_VERSIONS = 50


def show(request: HttpRequest, model: RegisteredModel, asked: moment.Asked) -> HttpResponse:
    """Show the model as it was, or 404 where the reader may not see that time of it."""
    try:
        then = history.find(actor_of(request), model, asked.at)
    except ModelRevision.DoesNotExist:
        # One sentence for both, so that it tells nothing of another unit's past.
        said = f"On {asked.said} {model.slug} was not in Muster yet, or not in a unit of yours."
        return moment.refused(request, said, status=404, back=f"/m/{model.slug}/history/")
    held = serving.aliases_as_of(then, asked.at)
    versions = serving.versions_as_of(then, asked.at).order_by("-number")
    context = {
        "model": model,
        "said": then.snapshot,
        "asked": asked,
        "tier": words.tier(then.snapshot["tier"]),
        "tier_reasons": then.snapshot.get("tier_reasons", []),
        "lifecycle": _named(Lifecycle, then.snapshot["lifecycle"]),
        "facts": _facts(then),
        "revision": _revision(then),
        "champion": held.get(CHAMPION),
        "aliases": [_alias(name, event) for name, event in sorted(held.items())],
        "versions": [
            {
                "number": row.number,
                "aliases": sorted(n for n, e in held.items() if e.to_number == row.number),
                "created": words.moment(row.created_at),
                "seen": words.moment(row.first_seen_at),
                "run": row.run_id[:8],
            }
            for row in versions[:_VERSIONS]
        ],
        "total": versions.count(),
    }
    return render(request, "pages/model_then.html", context)


def who(event: AliasEvent) -> str:
    """Say who moved an alias; MLflow does not tell, so often only the sweep is known."""
    if event.by is not None:
        return event.by.name
    return f"unknown, seen at the sweep of {words.moment(event.seen_at)}"


def _alias(name: str, event: AliasEvent) -> dict[str, Any]:
    since = words.moment(event.seen_at)
    return {"name": name, "number": event.to_number, "since": since, "who": who(event)}


def _revision(then: ModelRevision) -> dict[str, Any]:
    return {
        "number": then.number,
        "since": words.moment(then.validity.lower),
        "until": words.moment(then.validity.upper) if then.validity.upper else "",
        "next": moment.address(then.validity.upper) if then.validity.upper else "",
        "by": then.by.name if then.by else "Muster",
        "reason": then.reason,
    }


def _facts(then: ModelRevision) -> list[tuple[str, str]]:
    said = then.snapshot
    names = {"owner": then.owner_name, "deputy": then.deputy_name}  # type: ignore[attr-defined]
    people = {
        field: f"{name} ({said[field]})" if name else said.get(field) or words.DASH
        for field, name in names.items()
    }
    return [
        ("Unit", then.unit.name),
        ("Owner", people["owner"]),
        ("Deputy", people["deputy"]),
        ("Purpose", said["purpose"]),
        ("Task", _named(Task, said["task"])),
        ("Part in the decision", _named(DecisionRole, said["decision_role"])),
        ("Jurisdictions", ", ".join(said["jurisdictions"]) or words.DASH),
        ("Tags", ", ".join(said["tags"]) or words.DASH),
        ("MLflow model", said.get("mlflow") or words.DASH),
        ("Identity", str(then.model.uuid)),
        *((words.sentence(name), words.plain(value)) for name, value in _rest(said)),
    ]


def _rest(said: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((said.get("record") or {}).items())


def _named(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value
