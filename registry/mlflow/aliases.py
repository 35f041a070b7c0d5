"""Follow the aliases of models: who was champion when, and who serves without approval."""

from collections.abc import Mapping
from datetime import datetime

from registry import queries
from registry.mlflow import records
from registry.models import AliasEvent, MLflowServer, ModelEvent, ModelVersion, SourceModel


def move(
    sources: Mapping[str, SourceModel],
    seen: Mapping[tuple[str, int], records.Model],
    *,
    at: datetime,
) -> None:
    """Write each alias that came, moved or went since the last sweep."""
    for source in sources.values():
        before, now = source.aliases, seen[(source.name, source.created_ms)].aliases
        if before == now:
            continue
        numbers = dict(source.versions.values_list("number", "pk"))
        SourceModel.objects.filter(pk=source.pk).update(aliases=now)
        for alias in sorted(before.keys() | now.keys()):
            start, end = before.get(alias), now.get(alias)
            if start == end:
                continue
            AliasEvent.objects.create(
                source_model=source, alias=alias, from_number=start, to_number=end, seen_at=at
            )
            ModelEvent.objects.create(
                kind=ModelEvent.Kind.ALIAS_MOVED,
                source_model=source,
                model_id=source.registered_model_id,
                version_id=numbers.get(end) if end is not None else None,
                detail={"alias": alias, "from": start, "to": end},
                at=at,
            )
            if alias in (queries.CHAMPION, queries.CHALLENGER) and end is not None:
                # What decides from now on is read once more: files may have come since.
                source.versions.filter(number=end).update(evidence_read_at=None)


def tell_unapproved(server: MLflowServer, *, at: datetime) -> None:
    """Write once for each version that serves: nobody approved it."""
    kind = ModelEvent.Kind.SERVING_WITHOUT_APPROVAL
    serving = SourceModel.objects.filter(
        server=server, presence=SourceModel.Presence.PRESENT, aliases__has_key=queries.CHAMPION
    ).exclude(registered_model=None)
    told = set(
        ModelEvent.objects.filter(kind=kind, source_model__in=serving).values_list(
            "version_id", flat=True
        )
    )
    wanted = {(source.pk, source.aliases[queries.CHAMPION]): source for source in serving}
    rows = ModelVersion.objects.filter(source_model__in=serving, deleted_at=None)
    ModelEvent.objects.bulk_create(
        ModelEvent(
            kind=kind,
            source_model_id=source_id,
            model_id=wanted[(source_id, number)].registered_model_id,
            version_id=pk,
            detail={"number": number},
            at=at,
        )
        for source_id, number, pk in rows.values_list("source_model_id", "number", "pk")
        if (source_id, number) in wanted and pk not in told
    )
