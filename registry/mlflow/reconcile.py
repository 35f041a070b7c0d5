"""Bring models, versions and aliases in line with what a whole sweep of MLflow showed.

The lists are paged by offset, so a model may slip through while others are deleted: that
something is gone is believed only after MLflow said so when asked for it by name.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from registry import claims
from registry.mlflow import aliases, records, versions
from registry.mlflow.client import Client, Kind, MlflowError
from registry.mlflow.lease import Lease
from registry.models import MLflowServer, ModelEvent, RegisteredModel, SourceModel

Presence = SourceModel.Presence
Seen = dict[tuple[str, int], records.Model]
_CONFIRMATIONS = 50  # asked for by name in one sweep; the others wait for the next


def reconcile(
    held: Lease,
    server: MLflowServer,
    client: Client,
    models: Sequence[records.Model],
    shown: Sequence[records.Version],
    *,
    at: datetime,
) -> None:
    """Write what a sweep saw: added, renamed, moved, gone."""
    seen: Seen = {(model.name, model.created_ms): model for model in models if model.name}
    gone = _absent_models(server, client, seen)
    dropped = versions.absent(server, client, seen, shown)
    with held.transaction():
        renamed = _rename(server, seen, at=at)
        sources = _upsert_models(server, seen, at=at)
        claims.tie_server(server)
        for source, presence in gone:
            if source.pk not in renamed:
                _mark_absent(source, presence, at=at)
        _refresh_ties(sources)
        versions.upsert(sources, shown, at=at)
        versions.drop(dropped, at=at)
        aliases.move(sources, seen, at=at)
        aliases.tell_unapproved(server, at=at)


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
