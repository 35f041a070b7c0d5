"""What the pages of discovery and import list, as far as the reader may see it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from registry import discovery
from registry.actors import Actor
from registry.imports import from_mlflow
from registry.models import MLflowServer, Operation, SourceModel
from registry.queries import CHAMPION

PAGE = 100
_TAGS = 2_000  # so many models are looked through for their tags


def waiting(actor: Actor) -> dict[str, int] | None:
    """Return how many models have no record and for how many days, or None when none waits."""
    found = discovery.summary(actor)
    if not found.models or found.longest is None:
        return None
    return {"models": found.models, "days": max(0, found.longest.days)}


def servers(actor: Actor) -> list[dict[str, Any]]:
    """Return the servers one may import from, with how many models wait and are known."""
    new = Counter(discovery.queue(actor).order_by().values_list("server_id", flat=True))
    held = Counter(from_mlflow.tied(actor).values_list("server_id", flat=True))
    rows = from_mlflow.visible_servers(actor).distinct().order_by("slug")
    return [{"server": row, "new": new[row.pk], "known": held[row.pk]} for row in rows]


def server(actor: Actor, slug: str) -> MLflowServer:
    """Return a server that one may import from."""
    return from_mlflow.visible_servers(actor).distinct().get(slug=slug)


def candidates(
    actor: Actor, found: MLflowServer, given: dict[str, str], *, known: bool, now: datetime
) -> QuerySet[SourceModel]:
    """Return what can be chosen on one server: without a record, or known already."""
    rows = from_mlflow.tied(actor) if known else discovery.queue(actor)
    narrowed = discovery.narrowed(rows.filter(server=found), given, at=now)
    return narrowed.order_by("first_seen_at", "pk")


def chosen(actor: Actor, found: MLflowServer, ids: Iterable[int]) -> list[SourceModel]:
    """Return the models that were ticked, as far as they are the reader's to import."""
    wanted = set(ids)
    loose = discovery.known(actor).filter(server=found, pk__in=wanted)
    held = from_mlflow.tied(actor).filter(server=found, pk__in=wanted)
    return sorted([*loose, *held], key=lambda row: (row.first_seen_at, row.pk))


def tags_of(rows: Iterable[SourceModel]) -> list[str]:
    """Return the tags that models carry, the most frequent first."""
    counted = Counter(tag for row in [*rows][:_TAGS] for tag in row.tags)
    return [tag for tag, _ in counted.most_common(50)]


def shown(row: SourceModel, *, now: datetime) -> dict[str, Any]:
    """Return one model as a table's row."""
    return {
        "id": row.pk,
        "name": row.name,
        "server": row.server.slug,
        "days": max(0, (now - row.first_seen_at).days),
        "created": discovery.created_at(row),
        "versions": getattr(row, "n_versions", None),
        "champion": row.aliases.get(CHAMPION),
        "tags": sorted(f"{key}: {value}"[:60] for key, value in row.tags.items())[:6],
        "description": row.description[:160],
        "record": row.registered_model,
        "anew_for": getattr(row, "made_anew_for", None),
        "dismissed": row.dismissed_at,
        "why": row.dismiss_reason,
    }


def progress(row: Operation) -> dict[str, Any]:
    """Return how far an operation is, its refused rows first."""
    refused = [result for result in row.results if result["status"] == "refused"]
    done = [result for result in row.results if result["status"] != "refused"]
    return {
        "done": len(row.results),
        "share": 100 * len(row.results) // max(row.total, 1),
        "refused": refused[:PAGE],
        "more_refused": max(0, len(refused) - PAGE),
        "others": done[:PAGE],
        "more_others": max(0, len(done) - PAGE),
        "over": row.finished_at is not None,
    }
