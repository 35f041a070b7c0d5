"""What a check of training-serving skew may say."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from monitoring.checks.shapes import Level, Limit, Name, Periodic, Share


class SkewSpec(Periodic):
    """The same rows as serving logged them and as the offline store has them, value by value."""

    source: Name = "requests"
    # Another source of the model, whose batch of the window is the offline store's table.
    offline: Name = "offline"
    keys: list[Name] = Field(default=["request_id"], min_length=1, max_length=5)
    # Empty: every column that both tables have.
    features: list[Name] = Field(default_factory=list, max_length=2000)
    # Numbers count as equal up to this share of the larger one, or to the feature's own distance.
    relative: Annotated[float, Field(ge=0, lt=1)] = 1e-6
    tolerance: dict[Name, Limit] = Field(default_factory=dict, max_length=2000)
    limit: Share = 0.01
    min_matched: Share = 0.9
    min_rows: int = Field(default=50, ge=1)
    severity: dict[Literal["data_fault", "source_fault"], Level] = Field(
        default_factory=lambda: {"data_fault": "watch"}  # type: ignore[arg-type]
    )

    @model_validator(mode="after")
    def _two_sources(self) -> "SkewSpec":
        if self.source == self.offline:
            raise ValueError("`offline` is another source than `source`")
        return self
