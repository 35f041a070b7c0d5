"""Record who changed what, when and why, in the transaction of the change itself."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from registry.actors import Actor
from registry.models import AuditEvent, BusinessUnit


class NotInTransaction(Exception):
    """An audit event must be written in the same transaction as the change it records."""


def record(
    actor: Actor,
    action: str,
    subject: models.Model,
    *,
    at: datetime,
    unit: BusinessUnit | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event about `subject`; only the fields that differ are kept of before/after."""
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    row = event(actor, action, subject, at=at, unit=unit, before=before, after=after, reason=reason)
    row.save(force_insert=True)
    return row


def event(
    actor: Actor,
    action: str,
    subject: models.Model,
    *,
    at: datetime,
    unit: BusinessUnit | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Return the event that `record` appends, for whoever writes it together with the change."""
    if before is not None and after is not None:
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        before = {key: before[key] for key in sorted(changed) if key in before}
        after = {key: after[key] for key in sorted(changed) if key in after}
    return AuditEvent(
        at=at,
        actor=actor.person,
        actor_label=actor.label,
        action=action,
        object_type=subject._meta.model_name or "",
        object_id=str(subject.pk),
        object_label=str(subject),
        unit=unit,
        request_id=actor.request_id,
        reason=reason,
        before=before,
        after=after,
    )
