"""Who was champion when: where the aliases of a model pointed at any moment.

The record is tied to a model in MLflow by name; the tie can change. What counts for a moment is
the model that the record named then, found by that name or, if MLflow renamed it since, by the
tie of today.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from registry.models import AliasEvent, ModelRevision, ModelVersion, SourceModel
from registry.queries import CHAMPION

Aliases = dict[str, AliasEvent]


def sources_then(revisions: Sequence[ModelRevision], moment: datetime) -> dict[int, SourceModel]:
    """Return the MLflow model of each revision (by its key) as far as it was known then."""
    claims = {row.pk: _claim(row) for row in revisions}
    wanted = Q(name__in=[name for _, name in claims.values() if name])
    wanted |= Q(registered_model__in=[row.model_id for row in revisions])
    known = SourceModel.objects.filter(wanted, first_seen_at__lte=moment)
    by_name: dict[tuple[str, str], SourceModel] = {}
    by_model: dict[int | None, SourceModel] = {}
    # The newest comes last: one that was made anew counts from when the record was tied to it.
    for source in known.select_related("server").order_by("created_ms"):
        key = source.server.slug, source.name
        if key not in by_name or _was_tied(source, moment):
            by_name[key] = source
        if (
            source.tied_at is not None
            and source.tied_at > moment
            and source.registered_model_id in by_model
        ):
            continue
        by_model[source.registered_model_id] = source
    found = {}
    for row in revisions:
        if not claims[row.pk][1]:
            continue
        named = by_name.get(claims[row.pk]) or by_model.get(row.model_id)
        if named is not None:
            found[row.pk] = named
    return found


def _was_tied(source: SourceModel, moment: datetime) -> bool:
    """Say whether a record was tied to it by then; of ties of long ago the time is not known."""
    if source.tied_at is None:
        return source.registered_model_id is not None
    return source.tied_at <= moment


def _claim(revision: ModelRevision) -> tuple[str, str]:
    server, _, name = (revision.snapshot.get("mlflow") or "").partition(": ")
    return server, name


def aliases_of(sources: Sequence[SourceModel], moment: datetime) -> dict[int, Aliases]:
    """Return, by source, the event that last moved each alias that stood then."""
    events = (
        AliasEvent.objects.filter(source_model__in=[s.pk for s in sources], seen_at__lte=moment)
        .select_related("by")
        .order_by("source_model", "alias", "-seen_at", "-pk")
        .distinct("source_model", "alias")
    )
    found: dict[int, Aliases] = {}
    for event in events:
        if event.to_number is not None:
            found.setdefault(event.source_model_id, {})[event.alias] = event
    return found


def aliases_as_of(revision: ModelRevision, moment: datetime) -> Aliases:
    """Return where the aliases of one model pointed then."""
    sources = sources_then([revision], moment)
    return (
        aliases_of([*sources.values()], moment).get(sources[revision.pk].pk, {}) if sources else {}
    )


def champions(revisions: Sequence[ModelRevision], moment: datetime) -> dict[int, AliasEvent]:
    """Return, by revision, the event that made the champion of that moment."""
    sources = sources_then(revisions, moment)
    aliases = aliases_of([*sources.values()], moment)
    held = {key: aliases.get(source.pk, {}) for key, source in sources.items()}
    return {key: found[CHAMPION] for key, found in held.items() if CHAMPION in found}


def versions_as_of(revision: ModelRevision, moment: datetime) -> QuerySet[ModelVersion]:
    """Return the versions that were there then: seen by then, and not deleted by then."""
    source = sources_then([revision], moment).get(revision.pk)
    there = Q(deleted_at=None) | Q(deleted_at__gt=moment)
    return ModelVersion.objects.filter(there, source_model=source, first_seen_at__lte=moment)
