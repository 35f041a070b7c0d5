"""Write where a model's batches come from: folder, uploads, query or runs; changes are audited."""

import hashlib
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction

from monitoring import artifacts, databases, keys
from monitoring.data.landing import format_of
from monitoring.models import Source
from monitoring.names import require_name
from registry import access, audit
from registry.access import Right
from registry.actors import Actor
from registry.models import Person, RegisteredModel
from registry.problems import Invalid, invalid, unknown_person

_FIELDS = (
    *("kind", "address", "format", "query", "labels_query"),
    *("artifact", "labels_artifact"),
)
_LONGEST_EXPERIMENT = 500
# Which kind has a field that the others have not.
_KIND_OF = {
    **dict.fromkeys(("query", "labels_query", "secret"), Source.Kind.SQL),
    **dict.fromkeys(("artifact", "labels_artifact"), Source.Kind.MLFLOW),
}


@transaction.atomic
def put_source(
    actor: Actor,
    model: RegisteredModel,
    name: str,
    *,
    at: datetime,
    reason: str = "",
    **fields: str | None,
) -> tuple[Source, bool]:
    """Make or change a source; it may only read where the platform allows sources.

    `owner` is the mail address of who looks after the pipeline, '' or None for nobody.
    """
    access.require(actor, Right.EDIT_MONITORING, model.unit)
    require_name(name, "/name")
    known = Source.objects.select_for_update().filter(model=model, name=name).first()
    source = known or Source(model=model, name=name, next_scan_at=at)
    before = _shown(source) if known else None
    if known and fields.get("kind", known.kind) != known.kind:
        detail = f"this source is of kind {known.kind}"
        raise invalid("/kind", "fixed", detail, "make another source")
    if "owner" in fields:
        source.owner = _owner(actor, fields["owner"], model)
    for field in (*_FIELDS, "secret"):
        setattr(source, field, fields.get(field, getattr(source, field)))
    if source.format not in Source.Format.values:
        fix = ", ".join(Source.Format.values)
        raise invalid("/format", "unknown_format", "there is no such format", fix)
    _RULES[Source.Kind(source.kind)](source)
    if before == _shown(source):
        return source, False
    source.next_scan_at = at
    if source.kind == Source.Kind.MLFLOW:
        source.scanned_at = None  # runs that ended long ago may be news now
    source.save()
    audit.record(
        actor,
        "source.changed" if known else "source.made",
        source,
        at=at,
        unit=model.unit,
        before=before,
        after=_shown(source),
        reason=reason,
    )
    return source, known is None


def _shown(source: Source) -> dict[str, Any]:
    shown = {"name": source.name, **{field: getattr(source, field) for field in _FIELDS}}
    if source.owner:
        shown["owner"] = source.owner.email
    if source.secret:
        # That it changed is told, what it is never.
        shown["secret"] = hashlib.sha256(source.secret.encode()).hexdigest()[:12]
    return shown


def _owner(actor: Actor, email: str | None, model: RegisteredModel) -> Person | None:
    if not email:
        return None
    found = access.visible_people(actor).filter(email=email, is_active=True).first()
    if found is None:
        raise Invalid(unknown_person("/owner", email))
    if access.blind(actor, [found], model.unit):
        detail = f"{found.email} has no role in {model.unit.name} and could not see its faults"
        raise invalid("/owner", "cannot_see", detail, "give them a role there, or name another")
    return found


def _folder(source: Source) -> None:
    _has_no(source, "query", "labels_query", "artifact", "labels_artifact")
    keys.require(source)
    _require_allowed(source.address)
    _require_own(source, source.address)


def _upload(source: Source) -> None:
    if source.address:
        fix = "leave it out, or make a source of kind folder"
        raise invalid("/address", "not_allowed", "uploads have no address", fix)
    _has_no(source, *_KIND_OF)


def _has_no(source: Source, *fields: str) -> None:
    for field in fields:
        if getattr(source, field):
            fix = f"leave it out, or make a source of kind {_KIND_OF[field]}"
            raise invalid(f"/{field}", "not_allowed", f"a {source.kind} has no {field}", fix)


def _mlflow(source: Source) -> None:
    _has_no(source, "query", "labels_query", "secret")
    if artifacts.server_of(source.model) is None:
        fix = "say in the model's record where MLflow knows it: mlflow.server and mlflow.model"
        raise invalid("/kind", "not_tied", "the model is tied to no MLflow server", fix)
    if len(source.address) > _LONGEST_EXPERIMENT:
        detail = f"the name of an experiment has at most {_LONGEST_EXPERIMENT} characters"
        raise invalid("/address", "too_long", detail, "shorten it, or give its number")
    rows = artifacts.require(source.artifact, source.labels_artifact)
    source.format = format_of(rows.path)


def _sql(source: Source) -> None:
    _has_no(source, "artifact", "labels_artifact")
    if not source.secret:
        fix = "postgresql://reader:password@db.example:5432/warehouse"
        raise invalid("/secret", "required", "an SQL source needs the address of a database", fix)
    database = databases.read(source.secret)
    databases.require_allowed(database)
    if source.address not in ("", database.shown):
        # Shown only; of an older secret it is no more than what stood there before.
        stored = Source.objects.filter(pk=source.pk, address=source.address).exists()
        if not stored:
            fix = "send the whole address as secret"
            raise invalid("/address", "not_allowed", "the address is told by the secret", fix)
    source.address, source.format = database.shown, Source.Format.PARQUET
    databases.require_query(source.query, "/query")
    if source.labels_query:
        databases.require_query(source.labels_query, "/labels_query")


_RULES = {
    Source.Kind.FOLDER: _folder,
    Source.Kind.UPLOAD: _upload,
    Source.Kind.SQL: _sql,
    Source.Kind.MLFLOW: _mlflow,
}


def require_readable(source: Source, address: str) -> None:
    """Refuse a file that the source's unit may not have read, whoever named it."""
    _require_allowed(address)
    _require_own(source, address)


def _stays_in(root: str, address: str) -> bool:
    """Say whether a local folder lies under its root also when links are followed."""
    if "://" in address:
        return True
    return Path(address).resolve().is_relative_to(Path(root).resolve())


def _require_own(source: Source, address: str) -> None:
    """A folder that another unit reads is that unit's: its data must not show here."""
    mine = address.rstrip("/") + "/"
    others = Source.objects.filter(kind=Source.Kind.FOLDER)
    others = others.exclude(model__unit=source.model.unit)
    for other in others.values_list("address", flat=True):
        theirs = other.rstrip("/") + "/"
        if mine.startswith(theirs) or theirs.startswith(mine):
            detail = "this folder, or one in or around it, belongs to another business unit"
            raise invalid("/address", "taken", detail, "name a folder of your own unit")


def _require_allowed(address: str) -> None:
    """A source is read by Muster's own account: only where the platform says may it look."""
    if not address:
        fix = "one under MUSTER_SOURCE_ROOTS"
        raise invalid("/address", "required", "a source needs the address of its folder", fix)
    if len(address) > 1000:
        detail = "an address has at most 1000 characters"
        raise invalid("/address", "too_long", detail, "shorten it")
    parts = PurePosixPath(address.split("://", 1)[-1]).parts
    for root in settings.MUSTER_SOURCE_ROOTS:
        inside = address == root or address.startswith(root.rstrip("/") + "/")
        if inside and ".." not in parts and "::" not in address and _stays_in(root, address):
            return
    roots = ", ".join(settings.MUSTER_SOURCE_ROOTS) or "none is set (MUSTER_SOURCE_ROOTS)"
    raise invalid(
        "/address", "outside_roots", "sources may not lie there", f"an address under: {roots}"
    )
