"""Find the policy that applies to a model: of those that fit, the most specific one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from policies.retraining.specs import Selector


@dataclass(frozen=True)
class Subject:
    """What selectors look at in a model."""

    slug: str
    unit: str
    tier: int
    task: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A policy version in force, with what selection needs of it."""

    policy: str
    unit: str | None  # None: a policy of the whole fleet
    selector: Selector
    version_id: int
    longest_age: timedelta | None = None  # of a training, as the cadence has it; None: any


def fits(candidate: Candidate, subject: Subject) -> bool:
    """Say whether a policy is for a model; a unit's policy never reaches beyond the unit."""
    wanted = candidate.selector
    return (
        candidate.unit in (None, subject.unit)
        and (wanted.models is None or subject.slug in wanted.models)
        and wanted.business_unit in (None, subject.unit)
        and (wanted.tier_at_most is None or subject.tier <= wanted.tier_at_most)
        and wanted.task in (None, subject.task)
        and (wanted.tag is None or wanted.tag in subject.tags)
    )


def specificity(candidate: Candidate) -> tuple[bool, bool, int]:
    """Rank a policy: naming models beats being of a unit, which beats having more conditions."""
    wanted = candidate.selector
    conditions = (wanted.tier_at_most, wanted.task, wanted.tag)
    of_unit = candidate.unit is not None or wanted.business_unit is not None
    return wanted.models is not None, of_unit, sum(item is not None for item in conditions)


def choose(candidates: Iterable[Candidate], subject: Subject) -> Candidate | None:
    """Return the most specific policy for a model; between equals the first by name."""
    fitting = sorted((item for item in candidates if fits(item, subject)), key=lambda c: c.policy)
    return max(fitting, key=specificity, default=None)
