"""Read what the registry knows; whoever asks is named, and sees only their units."""

import uuid
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from django.db.models import Q, QuerySet

from registry import access
from registry.actors import Actor
from registry.audit_actions import ACTIONS
from registry.models import (
    AliasEvent,
    AuditEvent,
    MetricPoint,
    ModelEvent,
    ModelVersion,
    Person,
    RegisteredModel,
    SourceModel,
)
from registry.problems import invalid

CHAMPION = "champion"
CHALLENGER = "challenger"
# What these aliases point to is looked at closely: it serves, or is to serve next.
DECIDING = (CHAMPION, CHALLENGER)
MODEL_RELATIONS = ("unit", "owner", "deputy", "mlflow_server")
NO_VERSION = ModelVersion.DoesNotExist
AUDIT_FILTERS = {
    "model": "slug of a model",
    "object_type": "kind of object, such as `registeredmodel` or `check`",
    "object_id": "number of the object",
    "action": "such as `model.changed`; docs/audit.md lists all",
    "actor": "address of who did it",
    "bu": "slug of the business unit",
}


def find_model(actor: Actor, key: str) -> RegisteredModel:
    """Return the visible model with this slug, former slug or UUID, or raise DoesNotExist."""
    models = access.visible_models(actor).select_related(*MODEL_RELATIONS)
    try:
        return models.get(uuid=uuid.UUID(key))
    except ValueError:
        pass
    # The slug of today is among those a model ever had: one look finds either.
    return models.get(slugs__slug=key)


def source_of(model: RegisteredModel) -> SourceModel | None:
    """Return the newest MLflow model that is tied to this record, if any."""
    return model.source_models.order_by("-created_ms").first()


def aliases(model: RegisteredModel) -> dict[str, int]:
    """Return where each alias of the model points to now."""
    source = source_of(model)
    return dict(source.aliases) if source else {}


def versions(model: RegisteredModel) -> QuerySet[ModelVersion]:
    """Return the versions of the model's MLflow twin, those deleted there included."""
    source = source_of(model)
    return ModelVersion.objects.filter(source_model=source) if source else _no_versions()


def _no_versions() -> QuerySet[ModelVersion]:
    return ModelVersion.objects.none()


def find_version(model: RegisteredModel, key: str) -> ModelVersion:
    """Return the version with this number or under this alias, or raise DoesNotExist."""
    if key.isascii() and key.isdigit() and len(key) <= 9:
        return versions(model).get(number=int(key))
    found = version_under(model, key)
    if found is None:
        raise ModelVersion.DoesNotExist
    return found


def version_under(model: RegisteredModel, alias: str) -> ModelVersion | None:
    """Return the version an alias points to now, or None."""
    source = source_of(model)
    if source is None or alias not in source.aliases:
        return None
    return source.versions.filter(number=source.aliases[alias], deleted_at=None).first()


def champion(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that serves, by its alias in MLflow."""
    return version_under(model, CHAMPION)


def challenger(model: RegisteredModel) -> ModelVersion | None:
    """Return the version that wants to replace the champion, by its alias in MLflow."""
    return version_under(model, CHALLENGER)


def deciding_numbers(aliases: Mapping[str, int]) -> set[int]:
    """Return the numbers of the versions that serve or want to."""
    return {aliases[name] for name in DECIDING if name in aliases}


def points(version: ModelVersion, *, key: str = "") -> QuerySet[MetricPoint]:
    """Return what was logged to the version's run, for one metric or for all."""
    found = MetricPoint.objects.filter(server=version.source_model.server_id, run_id=version.run_id)
    return found.filter(key=key) if key else found


def unknown_metric(version: ModelVersion, key: str) -> str:
    """Say that no metric of this name was ever logged, and which were; '' when one was."""
    if key in version.metrics or points(version, key=key).exists():
        return ""
    known = sorted(version.metrics)
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    told = ", ".join(known[:5]) + more if known else "none"
    return (
        f"no metric {key[:100]} was ever logged to the run of version {version.number};"
        f" known: {told}"
    )


def metric_series(version: ModelVersion, key: str) -> list[MetricPoint]:
    """Return the points of one metric of a version in the order of their time."""
    return list(points(version, key=key).order_by("at", "step", "pk"))


def alias_moves(model: RegisteredModel) -> QuerySet[AliasEvent]:
    """Return every move of an alias of what is tied to the record today."""
    return AliasEvent.objects.filter(source_model__registered_model=model).select_related("by")


def alias_history(model: RegisteredModel) -> list[AliasEvent]:
    """Return every move of an alias of the model, newest first."""
    return list(alias_moves(model).order_by("-seen_at", "-pk"))


def activity(model: RegisteredModel, *, limit: int = 50) -> list[ModelEvent]:
    """Return what happened to the model in MLflow, newest first."""
    # Events from before the model was registered here belong to its source only.
    mine = Q(model=model) | Q(source_model__registered_model=model)
    events = ModelEvent.objects.filter(mine).select_related("version").order_by("-at", "-pk")
    return list(events[:limit])


def people(actor: Actor, *, words: str = "") -> QuerySet[Person]:
    """Return visible people, with their roles, whose name or address has all the words."""
    found = access.visible_people(actor).select_related("manager")
    for word in words.split()[:10]:
        found = found.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return found.prefetch_related("memberships__unit", "fleet_roles")


def seen_unit_ids(actor: Actor) -> set[int]:
    """Return the keys of the units the actor sees."""
    return set(access.visible_units(actor).values_list("pk", flat=True))


def rights_by_unit(actor: Actor) -> dict[str, list[str]]:
    """Return what the actor may do, by unit; `*` stands for the platform."""
    units = {unit.slug: access.rights(actor, unit) for unit in access.visible_units(actor)}
    found = {"*": access.rights(actor, None), **units}
    return {where: sorted(map(str, rights)) for where, rights in found.items()}


def audit_events(actor: Actor, /, **wanted: Any) -> QuerySet[AuditEvent]:
    """Return the visible audit events, narrowed by AUDIT_FILTERS."""
    found = access.visible_audit(actor).select_related("unit")
    if "action" in wanted and wanted["action"] not in ACTIONS:
        near = get_close_matches(wanted["action"], ACTIONS, n=3) or ["model.changed"]
        fix = f"such as {', '.join(near)}; docs/audit.md lists all"
        raise invalid("/action", "unknown_action", "the audit knows no such action", fix)
    if "model" in wanted:
        model = find_model(actor, wanted["model"])
        found = found.filter(object_type="registeredmodel", object_id=str(model.pk))
    for name in ("object_type", "object_id", "action"):
        if name in wanted:
            found = found.filter(**{name: wanted[name]})
    if "actor" in wanted:
        found = found.filter(actor__email=wanted["actor"].lower())
    return found.filter(unit__slug=wanted["bu"]) if "bu" in wanted else found
