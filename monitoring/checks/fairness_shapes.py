"""What a fairness check may say."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from monitoring.checks.shapes import Level, Name, Periodic, Shape, Share

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Metric = Literal[
    "impact_ratio", "selection_difference", "equal_opportunity", "false_positive_ratio",
    "calibration_gap", "adjusted_gap",
]  # fmt: skip
# Without what came true, these cannot be computed.
LABELED: frozenset[str] = frozenset(
    {"equal_opportunity", "false_positive_ratio", "calibration_gap"}
)


class Favorable(Shape):
    """Which decisions are the ones people hope for: exactly one of the four is said."""

    values: list[str | int | float | bool] = Field(default_factory=list, max_length=100)
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    above_median: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "Favorable":
        said = (
            bool(self.values),
            self.at_least is not None,
            self.at_most is not None,
            self.above_median,
        )
        if sum(said) != 1:
            raise ValueError("say one of `values`, `at_least`, `at_most` and `above_median`")
        return self


class FairnessLimits(Shape):
    """How far groups may be apart. A figure without a limit is not taken."""

    impact_ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    selection_difference: Share | None = None
    equal_opportunity: Share | None = None
    false_positive_ratio: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    calibration_gap: Share | None = None
    adjusted_gap: Share | None = None

    @property
    def named(self) -> dict[str, float]:
        """Return the limits that are set."""
        return {name: limit for name, limit in self.model_dump().items() if limit is not None}


class FairnessSpec(Periodic):
    """How differently groups of people are treated, from counts, with and without labels."""

    source: Name = "requests"
    decision: Name = "prediction"
    favorable: Favorable
    attributes: list[Name] = Field(min_length=1, max_length=10)
    intersections: list[list[Name]] = Field(default_factory=list, max_length=10)
    # The group that others are compared with; where none is named, the best treated one.
    reference: dict[Name, str] = Field(default_factory=dict, max_length=20)
    label: Name | None = None
    deserving: str | int | float | bool = 1  # the label for which the favorable decision was right
    score: Name | None = None  # the probability that the label is 1
    amount: Name | None = None  # what is paid, for `adjusted_gap`
    factors: list[Name] = Field(default_factory=list, max_length=30)
    label_delay_days: int = Field(default=28, ge=0, le=400)
    min_labels: int = Field(default=100, ge=1)
    min_completeness: Share = 0.8
    min_cell: int = Field(default=30, ge=5)
    min_share: Share = 0.0
    max_unknown: Share = 0.1
    significance: Annotated[float, Field(gt=0, lt=1)] = 0.05
    correction: Literal["none", "benjamini_hochberg"] = "benjamini_hochberg"
    limits: FairnessLimits
    severity: dict[Literal["breach", "data_fault", "source_fault"], Level] = Field(
        default_factory=lambda: {"breach": "critical"}  # type: ignore[arg-type]
    )

    @model_validator(mode="after")
    def _has_what_its_limits_need(self) -> "FairnessSpec":
        wanted = set(self.limits.named)
        if not wanted:
            raise ValueError("`limits` needs at least one limit, such as {impact_ratio: 0.8}")
        if (labeled := sorted(wanted & LABELED)) and not self.label:
            raise ValueError(f"{' and '.join(labeled)} need `label`, the column of what came true")
        if "calibration_gap" in wanted and not self.score:
            raise ValueError("calibration_gap needs `score`, the column of the probability")
        if "adjusted_gap" in wanted and not (self.amount and self.factors):
            raise ValueError("adjusted_gap needs `amount`, what is paid, and `factors` of it")
        return self

    @model_validator(mode="after")
    def _groups_are_told_apart(self) -> "FairnessSpec":
        if len(set(self.attributes)) < len(self.attributes):
            raise ValueError("each attribute may be named once")
        for parts in self.intersections:
            if not 2 <= len(set(parts)) == len(parts) <= 3 or set(parts) - set(self.attributes):
                raise ValueError("an intersection names two or three different `attributes`")
        if unknown := sorted(set(self.reference) - set(self.crossed_attributes)):
            raise ValueError(f"`reference` names {unknown[0]}, which is not compared")
        return self

    @property
    def crossed_attributes(self) -> dict[str, list[str]]:
        """Return the columns of each comparison: "sex", and "sex x age_band"."""
        single = {name: [name] for name in self.attributes}
        return single | {" x ".join(parts): parts for parts in self.intersections}

    @property
    def needs_labels(self) -> bool:
        """Say whether any figure compares with what came true."""
        return bool(LABELED & set(self.limits.named))
