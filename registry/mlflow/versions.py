"""Bring the versions of models in line with what a whole sweep of MLflow showed."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection

from registry.mlflow import records
from registry.mlflow.client import Client, Kind, MlflowError
from registry.models import MLflowServer, ModelEvent, ModelVersion, SourceModel

_CONFIRMATIONS = 50  # asked for by name in one sweep; the others wait for the next
_CHUNK = 500
_REWRITE = """
UPDATE registry_modelversion AS version SET {sets}
FROM unnest({arrays}) AS now (id, {names}) WHERE version.id = now.id
"""


def absent(
    server: MLflowServer,
    client: Client,
    seen: Collection[tuple[str, int]],
    versions: Iterable[records.Version],
) -> list[ModelVersion]:
    """Ask for each known version of a present model that the list did not show."""
    shown = {(version.name, version.number) for version in versions}
    known = ModelVersion.objects.filter(
        source_model__server=server,
        source_model__presence=SourceModel.Presence.PRESENT,
        deleted_at=None,
    )
    rows = known.values_list("pk", "number", "source_model__name", "source_model__created_ms")
    unseen = [
        pk
        for pk, number, name, created_ms in rows
        if (name, created_ms) in seen and (name, number) not in shown
    ]
    found = []
    for version in known.filter(pk__in=unseen[:_CONFIRMATIONS]).select_related("source_model"):
        try:
            client.get_model_version(version.source_model.name, version.number)
        except MlflowError as error:
            if error.kind is Kind.MISSING:
                found.append(version)
            elif error.kind is not Kind.DENIED:
                raise
    return found


def upsert(
    server: MLflowServer,
    sources: dict[str, SourceModel],
    versions: Sequence[records.Version],
    *,
    at: datetime,
) -> None:
    """Add what is new and refresh what changed."""
    columns = ("pk", "status", "description", "tags", "deleted_at")
    known = {
        (source_id, number): (pk, rest)
        for source_id, number, pk, *rest in ModelVersion.objects.filter(
            source_model__server=server
        ).values_list("source_model_id", "number", *columns)
    }
    fresh, changed = [], []
    for version in versions:
        source = sources.get(version.name)
        if source is None:
            continue  # Its model slipped through the pages; the next sweep sees both.
        found = known.get((source.pk, version.number))
        if found is None:
            fresh.append(_new_version(source, version, at=at))
        elif found[1] != [version.status, version.description, version.tags, None]:
            changed.append(
                ModelVersion(
                    pk=found[0],
                    status=version.status,
                    description=version.description,
                    tags=version.tags,
                    deleted_at=None,
                )
            )
    ModelVersion.objects.bulk_create(fresh, batch_size=_CHUNK)
    ModelVersion.objects.bulk_update(
        changed, ["status", "description", "tags", "deleted_at"], batch_size=_CHUNK
    )
    ModelEvent.objects.bulk_create(
        (
            ModelEvent(
                kind=ModelEvent.Kind.VERSION_ADDED,
                source_model_id=row.source_model_id,
                model_id=row.source_model.registered_model_id,
                version=row,
                detail={"number": row.number},
                at=at,
            )
            for row in fresh
        ),
        batch_size=_CHUNK,
    )


def rewrite(changed: Sequence[ModelVersion], fields: Sequence[str]) -> None:
    """Write these columns of JSON of many versions in one statement."""
    if not changed:
        return
    columns = [[json.dumps(getattr(row, field)) for row in changed] for field in fields]
    statement = _REWRITE.format(
        sets=", ".join(f"{field} = now.{field}::jsonb" for field in fields),
        arrays=", ".join(["%s::bigint[]", *("%s::text[]" for _ in fields)]),
        names=", ".join(fields),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[row.pk for row in changed], *columns])


def _new_version(source: SourceModel, version: records.Version, *, at: datetime) -> ModelVersion:
    return ModelVersion(
        source_model=source,
        number=version.number,
        run_id=version.run_id,
        source=version.source,
        mlflow_model_id=version.model_id,
        status=version.status,
        description=version.description,
        tags=version.tags,
        created_at=version.created_at,
        first_seen_at=at,
    )


def drop(dropped: Sequence[ModelVersion], *, at: datetime) -> None:
    """Note when versions were deleted in MLflow; their rows stay."""
    ModelVersion.objects.filter(pk__in=[version.pk for version in dropped]).update(deleted_at=at)
    ModelEvent.objects.bulk_create(
        ModelEvent(
            kind=ModelEvent.Kind.VERSION_DELETED,
            source_model_id=version.source_model_id,
            model_id=version.source_model.registered_model_id,
            version=version,
            detail={"number": version.number},
            at=at,
        )
        for version in dropped
    )
