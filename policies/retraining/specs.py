"""The shape of a retraining policy as teams write it: whom it is for, and its rules. Pure."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9_-]+$")]
TaskName = Literal["classification", "regression", "ranking", "forecasting", "clustering"]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Selector(_Spec):
    """Which models a policy is for: all that fit every given key; no key means all models."""

    models: list[Slug] | None = Field(default=None, min_length=1, max_length=500)
    business_unit: Slug | None = None
    tier_at_most: int | None = Field(default=None, ge=1, le=4)
    task: TaskName | None = None
    tag: str | None = Field(default=None, min_length=1, max_length=60)


class _Signal(_Spec):
    """Something seen in `windows` of the latest `of` judged windows."""

    at_least: float = Field(gt=0, le=100, allow_inf_nan=False)
    windows: int = Field(default=2, ge=1, le=53)
    of: int = Field(default=3, ge=1, le=53)

    @model_validator(mode="after")
    def _some_of_more(self) -> Self:
        if self.windows > self.of:
            raise ValueError(f"{self.windows} windows of {self.of} can never happen")
        return self


class DriftShare(_Signal):
    """The share of a data check's columns that drifted."""

    signal: Literal["drift_share"]
    check: Slug | None = None  # None: every data check of the model
    at_least: float = Field(gt=0, le=1, allow_inf_nan=False)


class MetricDrop(_Signal):
    """How far a performance metric fell behind the champion's own value, as a share of it."""

    signal: Literal["metric_drop"]
    check: Slug | None = None
    metric: str = Field(min_length=1, max_length=100)


Signal = Annotated[DriftShare | MetricDrop, Field(discriminator="signal")]


class PolicySpec(_Spec):
    """The rules of a policy. Without a cadence only signals retrain, and the other way round."""

    signals: list[Signal] = Field(default_factory=list, max_length=20)
    cadence_days: int | None = Field(default=None, ge=1, le=3660)
    cadence_grace_days: int = Field(default=0, ge=0, le=366)
    cooldown_days: int = Field(default=14, ge=0, le=3660)
    max_per_quarter: int = Field(default=2, ge=0, le=92)
    hold_on_data_fault: bool = True
    timeout_hours: int = Field(default=24, ge=1, le=24 * 30)
    trainer: Slug | None = None  # None: a person retrains

    @model_validator(mode="after")
    def _has_a_reason_to_retrain(self) -> Self:
        if not self.signals and self.cadence_days is None:
            raise ValueError("a policy needs at least one signal or a cadence_days")
        return self
