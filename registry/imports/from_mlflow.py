"""Register MLflow's models, or bring the records of known ones up to date; safe to repeat.

A model is known by server and MLflow name: then only what the map gives is changed, and only
where the actor may change it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from registry import access, bodies, catalogue, discovery
from registry.access import NotAllowed
from registry.actors import Actor
from registry.imports import mapping, slugs
from registry.imports.mapping import MLflowImport
from registry.imports.results import RowResult, Status, refused
from registry.models import MLflowServer, RegisteredModel, SourceModel
from registry.problems import FieldError, Invalid, invalid


def read(actor: Actor, data: Any, *, at: datetime) -> MLflowImport:
    """Return what is asked for, with the models named one by one."""
    wanted = bodies.parse(MLflowImport, data)
    server = visible_servers(actor).filter(slug=wanted.server).first()
    if server is None:
        detail = f"there is no MLflow server '{wanted.server}' with models that you see"
        raise invalid("/server", "unknown_server", detail, "GET /api/v1/discovery/ names servers")
    names = wanted.models
    if names is None:
        chosen = {**wanted.select.model_dump(), "server": server.slug}
        found = discovery.narrowed(discovery.queue(actor), chosen, at=at)
        names = list(found.order_by("first_seen_at", "pk").values_list("name", flat=True))
    return wanted.model_copy(update={"models": list(dict.fromkeys(names))})


def visible_servers(actor: Actor) -> QuerySet[MLflowServer]:
    """Return the servers from which the actor may import something, or has."""
    waiting = discovery.known(actor).values("server")
    mine = access.visible_servers(actor).values("pk")
    return MLflowServer.objects.filter(pk__in=waiting) | MLflowServer.objects.filter(pk__in=mine)


def tied(actor: Actor) -> QuerySet[SourceModel]:
    """Return what is in MLflow now and has a record that the actor sees."""
    present = SourceModel.objects.filter(presence=SourceModel.Presence.PRESENT)
    mine = access.visible_models(actor).values("pk")
    return present.filter(registered_model__in=mine).select_related("registered_model", "server")


def drafts(actor: Actor, wanted: MLflowImport, *, stop: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the first models by name with the bodies that the map makes of them."""
    names = (wanted.models or [])[:stop]
    sources, known = _sources(actor, wanted.server, names), _known(actor, wanted.server, names)
    return [
        (n, mapping.body_of(sources[n], wanted, new=n not in known) if n in sources else {})
        for n in names
    ]


def work(
    actor: Actor, wanted: MLflowImport, *, start: int, stop: int, at: datetime
) -> list[RowResult]:
    """Do the rows from `start` up to `stop`, each for itself."""
    names = (wanted.models or [])[start:stop]
    sources, known = _sources(actor, wanted.server, names), _known(actor, wanted.server, names)
    return [
        _one(actor, wanted, start + n, name, sources.get(name), known.get(name), at=at)
        for n, name in enumerate(names, start=1)
    ]


def _sources(actor: Actor, server: str, names: Sequence[str]) -> dict[str, SourceModel]:
    present = SourceModel.objects.filter(
        server__slug=server, name__in=names, presence=SourceModel.Presence.PRESENT
    )
    loose = present.filter(pk__in=discovery.known(actor).values("pk"))
    held = present.filter(registered_model__in=access.visible_models(actor).values("pk"))
    # A model that was deleted and made anew has two rows; the newer one counts.
    return {source.name: source for source in (loose | held).order_by("created_ms")}


def _known(actor: Actor, server: str, names: Sequence[str]) -> dict[str, RegisteredModel]:
    mine = access.visible_models(actor).filter(mlflow_server__slug=server, mlflow_name__in=names)
    return {model.mlflow_name: model for model in mine}


def _one(
    actor: Actor,
    wanted: MLflowImport,
    row: int,
    name: str,
    source: SourceModel | None,
    known: RegisteredModel | None,
    *,
    at: datetime,
) -> RowResult:
    slug = known.slug if known else ""
    try:
        if source is None:
            raise _nowhere(name, wanted.server)
        if known and source.registered_model_id is None and known.source_models.exists():
            raise _another(source, known)
        body = mapping.body_of(source, wanted, new=known is None)
        if known is None and (absent := mapping.absent(body, wanted)):
            raise Invalid(*absent)
        slug = slug or slugs.free(name, suffix=wanted.server)
        return _put(actor, row, name, slug, body, known, at=at)
    except Invalid as error:
        faults = [mapping.explained(fault, wanted) for fault in error.errors]
        return refused(row, name, Invalid(*faults), slug=known.slug if known else "")
    except NotAllowed as error:
        return refused(row, name, error, slug=known.slug if known else "")


def _put(
    actor: Actor,
    row: int,
    name: str,
    slug: str,
    body: dict[str, Any],
    known: RegisteredModel | None,
    *,
    at: datetime,
) -> RowResult:
    try:
        model, created = catalogue.put_model(actor, slug, body, at=at)
    except RegisteredModel.DoesNotExist as error:
        # Somebody took the name between our look and the write.
        raise invalid("/slug", "taken", f"the short name '{slug}' is taken", "repeat it") from error
    if created:
        status = Status.CREATED
    elif known is not None and model.updated_at == known.updated_at:
        status = Status.UNCHANGED
    else:
        status = Status.UPDATED
    return RowResult(row=row, model=name, slug=model.slug, status=status)


def _another(source: SourceModel, known: RegisteredModel) -> Invalid:
    made = discovery.created_at(source)
    detail = "it was deleted in MLflow and made anew: not the model that the record is tied to"
    fix = (
        f'PATCH /api/v1/models/{known.slug}/ with {{"mlflow": {{"server": "{source.server.slug}", '
        f'"model": …, "created_at": "{made.isoformat() if made else ""}"}}}} ties the record to it'
    )
    return Invalid(FieldError("/mlflow/model", "made_anew", detail, fix))


def _nowhere(name: str, server: str) -> Invalid:
    detail = f"there is no model '{name[:80]}' on '{server}' that you see"
    fix = "a model is seen when its unit's tag names your unit, or by a platform admin"
    return Invalid(FieldError("/mlflow/model", "unknown_model", detail, fix))
