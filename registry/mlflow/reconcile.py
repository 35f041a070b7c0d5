"""Bring models, versions and aliases in line with what a whole sweep of MLflow showed.

The lists are paged by offset, so a model may slip through while others are deleted: that
something is gone is believed only after MLflow said so when asked for it by name.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from registry import claims, queries
from registry.mlflow import records
from registry.mlflow.client import Client, Kind, MlflowError
from registry.mlflow.lease import Lease
from registry.models import (
    AliasEvent,
    MLflowServer,
    ModelEvent,
    ModelVersion,
    RegisteredModel,
    SourceModel,
)

Presence = SourceModel.Presence
Seen = dict[tuple[str, int], records.Model]
_CONFIRMATIONS = 50  # asked for by name in one sweep; the others wait for the next
_CHUNK = 500


def reconcile(
    held: Lease,
    server: MLflowServer,
    client: Client,
    models: Sequence[records.Model],
    versions: Sequence[records.Version],
    *,
    at: datetime,
) -> None:
    """Write what a sweep saw: added, renamed, moved, gone."""
    seen: Seen = {(model.name, model.created_ms): model for model in models if model.name}
    gone = _absent_models(server, client, seen)
    dropped = _absent_versions(server, client, seen, versions)
    with held.transaction():
        renamed = _rename(server, seen, at=at)
        sources = _upsert_models(server, seen, at=at)
        claims.tie_server(server)
        for source, presence in gone:
            if source.pk not in renamed:
                _mark_absent(source, presence, at=at)
        _refresh_ties(sources)
        _upsert_versions(sources, versions, at=at)
        _drop_versions(dropped, at=at)
        _move_aliases(sources, seen, at=at)
        _tell_unapproved(server, at=at)


def _absent_models(
    server: MLflowServer, client: Client, seen: Seen
) -> list[tuple[SourceModel, Presence]]:
    """Ask by name for each known model that the list did not show."""
    known = server.source_models.filter(presence=Presence.PRESENT)
    absent = [source for source in known if (source.name, source.created_ms) not in seen]
    found = []
    for source in absent[:_CONFIRMATIONS]:
        try:
            there = client.get_registered_model(source.name)
        except MlflowError as error:
            if error.kind is Kind.MISSING:
                found.append((source, Presence.MISSING))
            elif error.kind is Kind.DENIED:
                found.append((source, Presence.FORBIDDEN))
            else:
                raise
            continue
        if there.created_ms != source.created_ms:
            found.append((source, Presence.MISSING))  # Deleted, and made anew under its name.
        else:
            seen[(there.name, there.created_ms)] = there  # It had slipped through the pages.
    return found


def _absent_versions(
    server: MLflowServer, client: Client, seen: Seen, versions: Iterable[records.Version]
) -> list[ModelVersion]:
    """Ask for each known version of a present model that the list did not show."""
    shown = {(version.name, version.number) for version in versions}
    known = ModelVersion.objects.filter(
        source_model__server=server, source_model__presence=Presence.PRESENT, deleted_at=None
    ).only("number", "source_model__name", "source_model__created_ms")
    names = {(name, created_ms) for name, created_ms in seen}
    absent = [
        version
        for version in known.select_related("source_model")
        if (version.source_model.name, version.source_model.created_ms) in names
        and (version.source_model.name, version.number) not in shown
    ]
    found = []
    for version in absent[:_CONFIRMATIONS]:
        try:
            client.get_model_version(version.source_model.name, version.number)
        except MlflowError as error:
            if error.kind is Kind.MISSING:
                found.append(version)
            elif error.kind is not Kind.DENIED:
                raise
    return found


def _rename(server: MLflowServer, seen: Seen, *, at: datetime) -> set[int]:
    """Keep the row of a model that has another name now but the same time of creation."""
    renamed = set()
    known = list(server.source_models.all())
    keys = {(source.name, source.created_ms) for source in known}
    new_names = defaultdict(list)
    for name, created_ms in seen:
        if (name, created_ms) not in keys:
            new_names[created_ms].append(name)
    old = defaultdict(list)
    for source in known:
        if (source.name, source.created_ms) not in seen:
            old[source.created_ms].append(source)
    for created_ms, names in new_names.items():
        # Two at the same millisecond cannot be told apart: then nothing is inferred.
        if len(names) == 1 and len(old[created_ms]) == 1:
            _rename_one(old[created_ms][0], names[0], at=at)
            renamed.add(old[created_ms][0].pk)
    return renamed


def _rename_one(source: SourceModel, name: str, *, at: datetime) -> None:
    before = source.name
    SourceModel.objects.filter(pk=source.pk).update(name=name)
    claim = RegisteredModel.objects.filter(mlflow_server=source.server_id)
    if not claim.filter(mlflow_name=name).exists():
        claim.filter(mlflow_name=before).update(mlflow_name=name)
    ModelEvent.objects.create(
        kind=ModelEvent.Kind.MODEL_RENAMED,
        source_model=source,
        model_id=source.registered_model_id,
        detail={"from": before, "to": name},
        at=at,
    )


def _upsert_models(server: MLflowServer, seen: Seen, *, at: datetime) -> dict[str, SourceModel]:
    """Add what is new, refresh what changed; return the present models by name."""
    known = {(source.name, source.created_ms): source for source in server.source_models.all()}
    SourceModel.objects.bulk_create(
        SourceModel(
            server=server,
            name=model.name,
            created_ms=model.created_ms,
            description=model.description,
            tags=model.tags,
            first_seen_at=at,
            seen_at=at,
        )
        for key, model in seen.items()
        if key not in known
    )
    for key, model in seen.items():
        source = known.get(key)
        if source and (
            (source.description, source.tags, source.presence)
            != (model.description, model.tags, Presence.PRESENT)
        ):
            SourceModel.objects.filter(pk=source.pk).update(
                description=model.description, tags=model.tags, presence=Presence.PRESENT
            )
    present = {
        source.name: source
        for source in server.source_models.all()
        if (source.name, source.created_ms) in seen
    }
    pks = [source.pk for source in present.values()]
    SourceModel.objects.filter(pk__in=pks).update(seen_at=at, absent_sweeps=0)
    return present


def _refresh_ties(sources: dict[str, SourceModel]) -> None:
    """Take over which records the models were just tied to."""
    ties = dict(
        SourceModel.objects.filter(pk__in=[source.pk for source in sources.values()]).values_list(
            "pk", "registered_model_id"
        )
    )
    for source in sources.values():
        source.registered_model_id = ties[source.pk]


def _mark_absent(source: SourceModel, presence: Presence, *, at: datetime) -> None:
    SourceModel.objects.filter(pk=source.pk).update(
        presence=presence, absent_sweeps=source.absent_sweeps + 1
    )
    ModelEvent.objects.create(
        kind=ModelEvent.Kind.MODEL_MISSING,
        source_model=source,
        model_id=source.registered_model_id,
        detail={"name": source.name, "presence": str(presence)},
        at=at,
    )


def _upsert_versions(
    sources: dict[str, SourceModel], versions: Sequence[records.Version], *, at: datetime
) -> None:
    rows = ModelVersion.objects.filter(source_model__in=[s.pk for s in sources.values()])
    columns = ("pk", "status", "description", "tags", "deleted_at")
    known = {
        (source_id, number): (pk, rest)
        for source_id, number, pk, *rest in rows.values_list("source_model_id", "number", *columns)
    }
    fresh = []
    for version in versions:
        source = sources.get(version.name)
        if source is None:
            continue  # Its model slipped through the pages; the next sweep sees both.
        found = known.get((source.pk, version.number))
        if found is None:
            fresh.append(_new_version(source, version, at=at))
        elif found[1] != [version.status, version.description, version.tags, None]:
            ModelVersion.objects.filter(pk=found[0]).update(
                status=version.status,
                description=version.description,
                tags=version.tags,
                deleted_at=None,
            )
    ModelVersion.objects.bulk_create(fresh, batch_size=_CHUNK)
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


def _drop_versions(dropped: Iterable[ModelVersion], *, at: datetime) -> None:
    for version in dropped:
        ModelVersion.objects.filter(pk=version.pk).update(deleted_at=at)
        ModelEvent.objects.create(
            kind=ModelEvent.Kind.VERSION_DELETED,
            source_model_id=version.source_model_id,
            model_id=version.source_model.registered_model_id,
            version=version,
            detail={"number": version.number},
            at=at,
        )


def _move_aliases(sources: dict[str, SourceModel], seen: Seen, *, at: datetime) -> None:
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


def _tell_unapproved(server: MLflowServer, *, at: datetime) -> None:
    """Write once for each version that serves: nobody approved it."""
    kind = ModelEvent.Kind.SERVING_WITHOUT_APPROVAL
    serving = SourceModel.objects.filter(
        server=server, presence=Presence.PRESENT, aliases__has_key=queries.CHAMPION
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
