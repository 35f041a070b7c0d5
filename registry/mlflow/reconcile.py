"""Bring models, versions and aliases in line with what a whole sweep of MLflow showed.

The lists are paged by offset, so a model may slip through while others are deleted: that one is
gone is believed only after three whole sweeps did not show it and MLflow said so when asked for
it by name. What is there now says more: a name that was made anew, or its new name.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F

from registry import actors, audit, claims, discovery, history
from registry.mlflow import aliases, records, versions
from registry.mlflow.client import Client, Kind, MlflowError
from registry.mlflow.lease import Lease
from registry.models import MLflowServer, ModelEvent, RegisteredModel, SourceModel

Presence = SourceModel.Presence
Seen = dict[tuple[str, int], records.Model]
_BELIEVED_AFTER = 3  # sweeps that do not show a model
_CONFIRMATIONS = 50  # asked for by name in one sweep; the others wait for the next
_CHUNK = 500


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
    known = list(server.source_models.all())
    renamed = _confirmed(client, _renamed(known, seen))
    absent = [
        source
        for source in known
        if source.presence == Presence.PRESENT
        and (source.name, source.created_ms) not in seen
        and source.pk not in renamed
    ]
    gone = _gone(client, absent, seen)
    dropped = versions.absent(server, client, seen, shown)
    with held.transaction():
        for source in known:
            if source.pk in renamed:
                _rename_one(source, renamed[source.pk], at=at)
        sources = _upsert_models(server, seen, at=at)
        claims.tie_server(server, at=at)
        _mark_absent(absent, gone, sources, at=at)
        _tell_anew(known, sources, at=at)
        _refresh_ties(sources)
        versions.upsert(server, sources, shown, at=at)
        versions.drop(dropped, at=at)
        aliases.move(sources, seen, at=at)
        aliases.tell_unapproved(server, at=at)


def _gone(client: Client, absent: Sequence[SourceModel], seen: Seen) -> dict[int, Presence]:
    """Say which of the models that the lists do not show are really gone, or hidden from us."""
    anew = {name for name, _ in seen}
    # A name is free for another model only when the one before is deleted.
    found = {source.pk: Presence.MISSING for source in absent if source.name in anew}
    long = [
        source
        for source in absent
        if source.pk not in found and source.absent_sweeps + 1 >= _BELIEVED_AFTER
    ]
    for source in long[:_CONFIRMATIONS]:
        answer = _ask(client, source.name)
        if isinstance(answer, Presence):
            found[source.pk] = answer
        elif answer.created_ms != source.created_ms:
            found[source.pk] = Presence.MISSING
        else:
            seen[(answer.name, answer.created_ms)] = answer  # It had slipped through the pages.
    return found


def _ask(client: Client, name: str) -> records.Model | Presence:
    """Ask for one model by name; what may not be read is told apart from what is not there."""
    try:
        return client.get_registered_model(name)
    except MlflowError as error:
        if error.kind is Kind.MISSING:
            return Presence.MISSING
        if error.kind is Kind.DENIED:
            return Presence.FORBIDDEN
        raise


def _renamed(known: Iterable[SourceModel], seen: Seen) -> dict[int, tuple[str, str]]:
    """Find models that have another name now but the same time of creation."""
    keys = {(source.name, source.created_ms) for source in known}
    new_names = defaultdict(list)
    for name, created_ms in seen:
        if (name, created_ms) not in keys:
            new_names[created_ms].append(name)
    old = defaultdict(list)
    for source in known:
        if (source.name, source.created_ms) not in seen:
            old[source.created_ms].append(source)
    # Two at the same millisecond cannot be told apart: then nothing is inferred.
    return {
        old[created_ms][0].pk: (old[created_ms][0].name, names[0])
        for created_ms, names in new_names.items()
        if len(names) == 1 and len(old[created_ms]) == 1
    }


def _confirmed(client: Client, renamed: dict[int, tuple[str, str]]) -> dict[int, str]:
    """Keep those whose old name MLflow does not know any more."""
    found = {}
    for pk, (before, name) in list(renamed.items())[:_CONFIRMATIONS]:
        answer = _ask(client, before)
        if isinstance(answer, Presence):
            found[pk] = name
    return found


def _rename_one(source: SourceModel, name: str, *, at: datetime) -> None:
    before = source.name
    SourceModel.objects.filter(pk=source.pk).update(name=name)
    _rename_claim(source, before, name, at=at)
    ModelEvent.objects.create(
        kind=ModelEvent.Kind.MODEL_RENAMED,
        source_model=source,
        model_id=source.registered_model_id,
        detail={"from": before, "to": name},
        at=at,
    )


def _rename_claim(source: SourceModel, before: str, name: str, *, at: datetime) -> None:
    """Let the record follow its model to the new name, unless another record has that name."""
    claims_here = RegisteredModel.objects.filter(mlflow_server=source.server_id)
    if claims_here.filter(mlflow_name=name).exists():
        return
    relations = ("unit", "owner", "deputy", "mlflow_server")
    rows = claims_here.select_related(*relations).select_for_update(of=("self",))
    for model in rows.filter(mlflow_name=before):
        said = history.snapshot(model)
        model.mlflow_name = name
        model.save(update_fields=["mlflow_name", "updated_at"])
        says = history.snapshot(model)
        who, reason = actors.system("sync"), "the model has another name in MLflow"
        audit.record(
            who, "model.changed", model, at=at, unit=model.unit,
            before=said, after=says, reason=reason,
        )  # fmt: skip
        history.note(who, model, says, at=at, reason=reason)


def _upsert_models(server: MLflowServer, seen: Seen, *, at: datetime) -> dict[str, SourceModel]:
    """Add what is new, refresh what changed; return the present models by name."""
    known = {(source.name, source.created_ms): source for source in server.source_models.all()}
    fresh = SourceModel.objects.bulk_create(
        (
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
        ),
        batch_size=_CHUNK,
    )
    changed, returned = [], []
    for key, model in seen.items():
        source = known.get(key)
        if source is None:
            continue
        if source.presence != Presence.PRESENT:
            returned.append((source, source.presence))
        now = (model.description, model.tags, Presence.PRESENT)
        if (source.description, source.tags, source.presence) != now:
            source.description, source.tags, source.presence = now
            changed.append(source)
    SourceModel.objects.bulk_update(changed, ["description", "tags", "presence"], batch_size=_CHUNK)
    _tell_returned(returned, at=at)
    rows = [*fresh, *(source for key, source in known.items() if key in seen)]
    pks = [source.pk for source in rows]
    SourceModel.objects.filter(pk__in=pks).update(seen_at=at, absent_sweeps=0)
    return {source.name: source for source in rows}


def _tell_returned(returned: Iterable[tuple[SourceModel, str]], *, at: datetime) -> None:
    ModelEvent.objects.bulk_create(
        ModelEvent(
            kind=ModelEvent.Kind.MODEL_RETURNED,
            source_model=source,
            model_id=source.registered_model_id,
            detail={"name": source.name, "was": presence},
            at=at,
        )
        for source, presence in returned
    )


def _refresh_ties(sources: dict[str, SourceModel]) -> None:
    """Take over which records the models were just tied to."""
    ties = dict(
        SourceModel.objects.filter(pk__in=[source.pk for source in sources.values()]).values_list(
            "pk", "registered_model_id"
        )
    )
    for source in sources.values():
        source.registered_model_id = ties[source.pk]


def _mark_absent(
    absent: Sequence[SourceModel],
    gone: dict[int, Presence],
    sources: Mapping[str, SourceModel],
    *,
    at: datetime,
) -> None:
    """Count the sweeps that did not show a model; write what is known to be gone."""
    there = {source.pk for source in sources.values()}
    unseen = [source for source in absent if source.pk not in there]
    rows = SourceModel.objects.filter(pk__in=[source.pk for source in unseen])
    rows.update(absent_sweeps=F("absent_sweeps") + 1)
    for presence in (Presence.MISSING, Presence.FORBIDDEN):
        mine = [source for source in unseen if gone.get(source.pk) == presence]
        rows.filter(pk__in=[source.pk for source in mine]).update(presence=presence)
        ModelEvent.objects.bulk_create(
            _anew(source, sources[source.name], at=at)
            if source.name in sources
            else ModelEvent(
                kind=ModelEvent.Kind.MODEL_MISSING,
                source_model=source,
                model_id=source.registered_model_id,
                detail={"name": source.name, "presence": str(presence)},
                at=at,
            )
            for source in mine
        )


def _anew(source: SourceModel, now: SourceModel, *, at: datetime) -> ModelEvent:
    made = discovery.created_at(now)
    return ModelEvent(
        kind=ModelEvent.Kind.MODEL_MADE_ANEW,
        source_model=source,
        model_id=source.registered_model_id,
        detail={"name": source.name, "created_at": made.isoformat() if made else None},
        at=at,
    )


def _tell_anew(
    known: Iterable[SourceModel], sources: Mapping[str, SourceModel], *, at: datetime
) -> None:
    """Tell of models that were gone before, and whose name another bears since this sweep."""
    before = {source.pk for source in known}
    gone = sorted(
        (
            source
            for source in known
            if source.registered_model_id is not None
            and source.presence != Presence.PRESENT
            and source.name in sources
            and sources[source.name].pk not in before
        ),
        key=lambda source: source.created_ms,
    )
    # Of several that bore the name only the last one can be what the record stands for.
    last = {source.name: source for source in gone}
    ModelEvent.objects.bulk_create(
        _anew(source, sources[source.name], at=at) for source in last.values()
    )
