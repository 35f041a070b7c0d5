"""Which policy version is in force for which model."""

import logging

from django.db.models import QuerySet
from pydantic import ValidationError

from policies.models import PolicyVersion
from policies.retraining.cadence import longest
from policies.retraining.selection import Candidate, Subject, choose
from policies.retraining.specs import PolicySpec, Selector
from registry.models import RegisteredModel

log = logging.getLogger(__name__)


def newest_versions() -> QuerySet[PolicyVersion]:
    """Return the newest version of every policy: those are in force."""
    return (
        PolicyVersion.objects.order_by("policy_id", "-number")
        .distinct("policy_id")
        .select_related("policy__unit")
    )


def candidates() -> list[Candidate]:
    """Return every policy in force, ready to be chosen from."""
    found = []
    for version in newest_versions():
        try:
            selector = Selector.model_validate(version.selector)
            spec = PolicySpec.model_validate(version.spec)
        except ValidationError:
            # Written by an older Muster or by hand: the others must still be decided on.
            log.warning("Policy %s cannot be read and is left out", version)
            continue
        unit = version.policy.unit.slug if version.policy.unit else None
        found.append(Candidate(version.policy.slug, unit, selector, version.pk, longest(spec)))
    return found


def subject(model: RegisteredModel) -> Subject:
    """Return what selectors look at in a model."""
    return Subject(
        slug=model.slug,
        unit=model.unit.slug,
        tier=model.tier,
        task=model.task,
        tags=tuple(model.tags),
    )


def policy_of(model: RegisteredModel) -> PolicyVersion | None:
    """Return the policy version that applies to a model, or None."""
    chosen = choose(candidates(), subject(model))
    if chosen is None:
        return None
    return PolicyVersion.objects.select_related("policy__unit").get(pk=chosen.version_id)
