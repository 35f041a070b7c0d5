"""A model that was deleted in MLflow and made anew under its name: another model.

The record stays with the one it was tied to. Only a person ties it to the new one, by naming the
time at which that one was made: a script that sends the same body again confirms nothing.
"""

from datetime import datetime

from django.db.models import QuerySet

from registry import audit, claims, discovery, queries
from registry.actors import Actor
from registry.models import ModelEvent, ModelVersion, RegisteredModel, SourceModel
from registry.problems import Invalid, invalid

_POINTER = "/mlflow/created_at"


def waiting(model: RegisteredModel) -> SourceModel | None:
    """Return the model that bears the record's name now and that nobody has tied to it."""
    if model.mlflow_server_id is None or not model.source_models.exists():
        return None
    found = _present(model).filter(registered_model=None).order_by("-created_ms").first()
    return found if found is not None and claims.fits(found.tags, model.unit) else None


def _present(model: RegisteredModel) -> QuerySet[SourceModel]:
    return SourceModel.objects.filter(
        server=model.mlflow_server_id,
        name=model.mlflow_name,
        presence=SourceModel.Presence.PRESENT,
    )


def confirm(actor: Actor, model: RegisteredModel, created_at: datetime, *, at: datetime) -> None:
    """Tie the record to the model of its name that was made at that time, in a transaction.

    The caller has checked the right to edit the record and holds the lock of its row.
    """
    rows = list(_present(model).select_for_update())
    found = next((row for row in rows if discovery.created_at(row) == created_at), None)
    if found is None or found.registered_model_id not in (None, model.pk):
        raise _unknown(model)
    if found.registered_model_id == model.pk:
        return
    if not claims.fits(found.tags, model.unit):
        detail = "its tag in MLflow says that it belongs to another unit"
        raise invalid("/mlflow/model", "of_another_unit", detail, "correct the tag in MLflow")
    before = queries.source_of(model)
    claims.tie(found, model, at=at)
    said = None if before is None else {"mlflow_created_at": _made(before)}
    audit.record(
        actor, "model.retied", model, at=at, unit=model.unit,
        before=said, after={"mlflow_created_at": _made(found)},
    )  # fmt: skip
    _tell(model, before, found, at=at)


def _unknown(model: RegisteredModel) -> Invalid:
    detail = f"MLflow shows no model '{model.mlflow_name[:80]}' that was made then"
    fix = (
        f"made_anew_at of GET /api/v1/models/{model.slug}/ says when the one that waits was made;"
        " leave created_at out to change nothing"
    )
    return invalid(_POINTER, "unknown_model", detail, fix)


def _made(source: SourceModel) -> str | None:
    made = discovery.created_at(source)
    return made.isoformat() if made else None


def _tell(
    model: RegisteredModel, before: SourceModel | None, now: SourceModel, *, at: datetime
) -> None:
    """Write that the record is tied anew, and what moved by that: each alias of either model."""
    kind = ModelEvent.Kind
    told = {"name": now.name, "created_at": _made(now)}
    ModelEvent.objects.create(
        kind=kind.MODEL_RETIED, source_model=now, model=model, detail=told, at=at
    )
    if before is None:
        return
    rows = ModelVersion.objects.filter(source_model=now, number__in=now.aliases.values())
    versions = dict(rows.values_list("number", "pk"))
    ModelEvent.objects.bulk_create(
        ModelEvent(
            kind=kind.ALIAS_MOVED,
            source_model=now,
            model=model,
            version_id=versions.get(now.aliases.get(alias, 0)),
            detail={
                "alias": alias,
                "from": before.aliases.get(alias),
                "to": now.aliases.get(alias),
                "anew": True,
            },
            at=at,
        )
        for alias in sorted(before.aliases.keys() | now.aliases.keys())
    )
