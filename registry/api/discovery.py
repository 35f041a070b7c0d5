"""Endpoints of MLflow's models that have no record yet."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from registry import discovery
from registry.api_view import ResourceView, documented
from registry.models import SourceModel
from registry.queries import CHAMPION


class FoundAnswer(BaseModel):
    """A model of MLflow without a record; `first_seen_at` is when Muster saw it first.

    `made_anew_for` is the record that was tied to a model of this name before it was deleted.
    """

    id: int
    server: str
    name: str
    business_unit_tag: str
    description: str
    tags: dict[str, Any]
    aliases: dict[str, int]
    champion: int | None
    versions: int
    first_seen_at: datetime
    age_days: int
    created_at: datetime | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismiss_reason: str
    made_anew_for: str | None


def shown(row: SourceModel, *, at: datetime) -> FoundAnswer:
    """Return what is answered about one model of the queue."""
    return FoundAnswer(
        id=row.pk,
        server=row.server.slug,
        name=row.name,
        business_unit_tag=row.unit_tag,  # type: ignore[attr-defined]
        description=row.description,
        tags=row.tags,
        aliases=row.aliases,
        champion=row.aliases.get(CHAMPION),
        versions=row.n_versions,  # type: ignore[attr-defined]
        first_seen_at=row.first_seen_at,
        age_days=max(0, (at - row.first_seen_at).days),
        created_at=discovery.created_at(row),
        dismissed_at=row.dismissed_at,
        dismissed_by=row.dismissed_by.email if row.dismissed_by else None,
        dismiss_reason=row.dismiss_reason,
        made_anew_for=row.made_anew_for,  # type: ignore[attr-defined]
    )


class DiscoveryList(ResourceView):
    @documented(
        "List unregistered models", answer=FoundAnswer, listed=True, filters=discovery.FILTERS
    )
    def get(self, request: Request) -> Response:
        """Return MLflow's models without a record, oldest first, as far as they are yours to see.

        Fleet-wide roles see all of them; others those whose tag names a unit that they see.
        """
        given = {**request.query_params.dict(), "tag": request.query_params.getlist("tag")}
        found = discovery.listed(self.actor, given, at=self.at).select_related("dismissed_by")
        order = discovery.ordering(str(given.get("ordering", discovery.ORDERINGS[0])))
        return self.page(found, order=order, show=lambda row: shown(row, at=self.at))


class Decision(ResourceView):
    """Parent of what is decided about one model of the queue."""

    def decided(self, key: str) -> Response:
        rows = discovery.counted(discovery.known(self.actor)).select_related("dismissed_by")
        return self.answer(shown(rows.get(pk=int(key)), at=self.at))


class Dismiss(Decision):
    @documented("Dismiss an unregistered model", body=discovery.Dismissal, answer=FoundAnswer)
    def post(self, request: Request, key: str) -> Response:
        """Take a model out of the queue, saying why it needs no record."""
        source = discovery.find(self.actor, key)
        discovery.dismiss(self.actor, source, request.data, at=self.at)
        return self.decided(key)


class Restore(Decision):
    @documented("Restore a dismissed model", answer=FoundAnswer)
    def post(self, request: Request, key: str) -> Response:
        """Put a dismissed model back into the queue."""
        discovery.restore(self.actor, discovery.find(self.actor, key), at=self.at)
        return self.decided(key)
