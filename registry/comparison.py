"""Ask that a model's versions are compared with MLflow now, and not when it is their turn."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from registry import access, audit, queries
from registry.access import Right
from registry.actors import Actor
from registry.clock import MusterNow
from registry.models import RegisteredModel


def ask(actor: Actor, model: RegisteredModel, *, at: datetime) -> int:
    """Let the next look at MLflow compare what was recorded of the versions; return how many."""
    if not access.can(actor, Right.ACT_ON_INCIDENTS, model.unit):
        access.require(actor, Right.EDIT_MODELS, model.unit)
    with transaction.atomic():
        # What is not read yet is compared with nothing.
        recorded = queries.versions(model).filter(deleted_at=None, evidence_read_at__isnull=False)
        asked = recorded.exclude(files={}).update(next_integrity_at=MusterNow())
        audit.record(
            actor, "model.comparison_asked", model, at=at, unit=model.unit,
            after={"versions": asked},
        )  # fmt: skip
    return asked


def last(model: RegisteredModel) -> datetime | None:
    """Return when a version of the model was last compared, or None."""
    found = queries.versions(model).aggregate(at=Max("integrity_checked_at"))["at"]
    return found if isinstance(found, datetime) else None
