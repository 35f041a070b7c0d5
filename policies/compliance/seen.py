"""What the controls look at, as plain values gathered once for each model. Pure."""

from dataclasses import dataclass
from datetime import datetime

from policies.releases.seen import GateFacts

IN_USE = ("active", "restricted", "suspended", "decommissioning")


@dataclass(frozen=True)
class PersonSeen:
    """Somebody who answers for a model."""

    email: str
    active: bool


@dataclass(frozen=True)
class RecordSeen:
    """What people wrote down about a model."""

    lifecycle: str
    purpose: str
    description: str
    decision_role: str
    jurisdictions: tuple[str, ...]
    owner: PersonSeen
    deputy: PersonSeen | None
    mlflow_name: str
    uses: int
    wanted: int = 0  # fields that tier and tags ask for
    missing: tuple[str, ...] = ()  # those of them that are empty, by label
    overdue: int = 0
    next_due: datetime | None = None


@dataclass(frozen=True)
class TierSeen:
    """The tier with what it was computed from."""

    tier: int
    unanswered: tuple[str, ...]
    rule_version: str
    current_rule_version: str
    assessed_at: datetime | None


@dataclass(frozen=True)
class WindowSeen:
    """One window of a check that is due, with the verdict it has."""

    start: datetime
    end: datetime
    state: str
    reason: str = ""
    completeness: float | None = None


@dataclass(frozen=True)
class CheckSeen:
    """A check as it is set now, and its latest windows that are due, oldest first."""

    slug: str
    kind: str
    paused: bool
    every_days: int
    has_limits: bool
    has_severity: bool
    changed_at: datetime
    windows: tuple[WindowSeen, ...] = ()
    segments_wanted: tuple[str, ...] = ()
    segments_read: int = 0


@dataclass(frozen=True)
class CaseSeen:
    """An incident of the model."""

    number: int
    title: str
    opened_at: datetime
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    verdict: str = ""
    root_cause: str = ""


@dataclass(frozen=True)
class RetrainingSeen:
    """A retraining that was asked for, with the envelope it was to stay in."""

    at: datetime
    cause: str
    cooldown_days: int
    max_per_quarter: int


@dataclass(frozen=True)
class ControlFacts:
    """Everything a control may look at beside the time and its own validity."""

    record: RecordSeen
    tier: TierSeen
    champion: GateFacts | None = None
    champion_since: datetime | None = None
    approved_version: int | None = None
    approved_digest: str = ""
    checks: tuple[CheckSeen, ...] = ()
    cases: tuple[CaseSeen, ...] = ()
    policy: str = ""
    retrainings: tuple[RetrainingSeen, ...] = ()

    @property
    def in_use(self) -> bool:
        """Say whether anybody relies on the model: by its lifecycle, or because it serves."""
        return self.record.lifecycle in IN_USE or self.champion is not None

    @property
    def lifecycle_words(self) -> str:
        """Return the lifecycle as it is read in a sentence."""
        return self.record.lifecycle.replace("_", " ")

    def watching(self, *kinds: str) -> tuple[CheckSeen, ...]:
        """Return the checks of these kinds that are not paused."""
        return tuple(c for c in self.checks if not c.paused and c.kind in kinds)
