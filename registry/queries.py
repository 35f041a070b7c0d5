"""Read what the registry knows; whoever asks is named, and sees only their units."""

import uuid

from registry import access
from registry.actors import Actor
from registry.models import ModelVersion, RegisteredModel, SourceModel

CHAMPION = "champion"
CHALLENGER = "challenger"


def find_model(actor: Actor, key: str) -> RegisteredModel:
    """Return the visible model with this slug, former slug or UUID, or raise DoesNotExist."""
    models = access.visible_models(actor).select_related("unit", "owner", "deputy", "mlflow_server")
    try:
        return models.get(uuid=uuid.UUID(key))
    except ValueError:
        pass
    try:
        return models.get(slug=key)
    except RegisteredModel.DoesNotExist:
        return models.get(slugs__slug=key)


def source_of(model: RegisteredModel) -> SourceModel | None:
    """Return the newest MLflow model that is tied to this record, if any."""
    return model.source_models.order_by("-created_ms").first()


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
