"""Follow the aliases of models: who was champion when, and who serves without approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from registry import queries
from registry.mlflow import records
from registry.models import AliasEvent, MLflowServer, ModelEvent, ModelVersion, SourceModel

_CHUNK = 500


def move(
    sources: Mapping[str, SourceModel],
    seen: Mapping[tuple[str, int], records.Model],
    *,
    at: datetime,
) -> None:
    """Write each alias that came, moved or went since the last sweep."""
    moves = [
        Move(source, alias, source.aliases.get(alias), now.get(alias))
        for source in sources.values()
        for now in (seen[(source.name, source.created_ms)].aliases,)
        for alias in sorted(source.aliases.keys() | now.keys())
        if source.aliases.get(alias) != now.get(alias)
    ]
    if not moves:
        return
    changed = {move.source.pk: move.source for move in moves}
    for source in changed.values():
        source.aliases = seen[(source.name, source.created_ms)].aliases
    SourceModel.objects.bulk_update(changed.values(), ["aliases"], batch_size=_CHUNK)
    AliasEvent.objects.bulk_create(
        (
            AliasEvent(
                source_model=move.source,
                alias=move.alias,
                from_number=move.start,
                to_number=move.end,
                seen_at=at,
            )
            for move in moves
        ),
        batch_size=_CHUNK,
    )
    _tell_moved(moves, at=at)


@dataclass(frozen=True)
class Move:
    """One alias that points elsewhere than before; None where it was or is not there."""

    source: SourceModel
    alias: str
    start: int | None
    end: int | None


def _tell_moved(moves: Sequence[Move], *, at: datetime) -> None:
    rows = ModelVersion.objects.filter(source_model__in={move.source.pk for move in moves})
    pks = {
        (source_id, number): pk
        for source_id, number, pk in rows.values_list("source_model_id", "number", "pk")
    }
    ends = [pks.get((move.source.pk, move.end or 0)) for move in moves]
    ModelEvent.objects.bulk_create(
        (
            ModelEvent(
                kind=ModelEvent.Kind.ALIAS_MOVED,
                source_model=move.source,
                model_id=move.source.registered_model_id,
                version_id=end,
                detail={"alias": move.alias, "from": move.start, "to": move.end},
                at=at,
            )
            for move, end in zip(moves, ends, strict=True)
        ),
        batch_size=_CHUNK,
    )
    # What decides from now on is read once more: files may have come since.
    again = [
        pk for move, pk in zip(moves, ends, strict=True) if pk and move.alias in queries.DECIDING
    ]
    ModelVersion.objects.filter(pk__in=again).update(evidence_read_at=None)


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
        (
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
        ),
        batch_size=_CHUNK,
    )
