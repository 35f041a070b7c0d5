"""What one model of the fleet is: plain data, written in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

PIPELINE_FAULTS = {
    "missing_column": "data_fault",
    "unit_change": "data_fault",
    "empty_batch": "data_fault",
    "unseen_category": "data_fault",
    "duplicated_rows": "data_fault",
    "corrupt_file": "source_fault",
}
KINDS = (
    "nothing",
    "gradual",
    "sudden",
    "segment",
    "season",
    "concept",
    "latency",
    "unfair",
    "late_batch",
    *PIPELINE_FAULTS,
)
QUIET = ("nothing", "season")


@dataclass(frozen=True)
class Script:
    """What happens to a model's batches, from week `first` to week `last`."""

    kind: str = "nothing"
    first: int = 1
    last: int = 13
    columns: tuple[str, ...] = ()
    segment: tuple[str, str] | None = None
    size: float = 1.3
    settled: int = 0  # a slow change shows for certain from this week on

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such script: {self.kind}")

    def covers(self, number: int) -> bool:
        """Say whether week `number` is one of the scripted ones."""
        return self.kind not in QUIET and self.first <= number <= self.last


@dataclass(frozen=True)
class Limit:
    """A performance metric and how far it may fall (or rise) from what the holdout showed."""

    metric: str
    margin: float
    direction: str = "min"


@dataclass(frozen=True)
class ModelSpec:
    """One model: who has it, what it is trained on, how it is watched and what happens to it."""

    slug: str
    name: str
    unit: str
    owner: str
    deputy: str
    purpose: str
    task: str
    world: str
    estimator: str
    governance: str
    script: Script = field(default_factory=Script)
    limit: Limit | None = None
    weeks_late: int = 2
    rows: int = 1000
    described: bool = True
    version_before: bool = False
    challenger: bool = False
    favorable: int = 1  # the answer that a person hopes for
    synthetic_minority: bool = False
    drift: tuple[str, float] = ("psi", 0.2)  # how numeric columns are compared, and the limit
    latency: tuple[float, float] | None = None  # usual p95 and its limit, in milliseconds
    tags: tuple[str, ...] = ()
    original: str = ""  # the catalogue's slug that this one repeats
    seed: int = 7

    @property
    def limits(self) -> tuple[Limit, ...]:
        """List the performance limits; lists are held to their click rate as well."""
        clicks = (Limit("ctr", 0.12),) if self.task == "ranking" else ()
        return (self.limit, *clicks) if self.limit else ()

    @property
    def late(self) -> bool:
        """Say whether one batch is withheld until the rest has landed."""
        return self.script.kind == "late_batch"

    @property
    def seasonal(self) -> bool:
        """Say whether the model is compared with the same weeks of last year."""
        return "seasonal" in self.tags

    @property
    def real(self) -> bool:
        """Say whether the rows come from a package rather than from a generator."""
        return "real-data" in self.tags
