"""What a performance check may say."""

from typing import Literal

from pydantic import Field, model_validator

from monitoring.checks.shapes import Level, Name, Periodic, Shape, Share

MetricName = Literal[
    "roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "fbeta", "log_loss",
    "brier", "calibration", "cost",
    "rmse", "mae", "mape", "r2", "bias", "mase",
    "ctr", "precision_at_k", "ndcg",
    "silhouette", "cluster_shift",
    "detection_auc",
]  # fmt: skip
# What needs no labels, and looks at the reference instead.
UNLABELED: frozenset[str] = frozenset({"silhouette", "cluster_shift", "detection_auc"})
OF_FEATURES: frozenset[str] = frozenset({"silhouette", "detection_auc"})
ESTIMABLE: frozenset[str] = frozenset(
    {"roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "fbeta", "log_loss", "brier"}
)
# Losses: to hold one to a least value would be to ask for a worse model.
_LOSSES: frozenset[str] = frozenset(
    {"brier", "calibration", "cost", "bias", "mase", "cluster_shift", "detection_auc"}
)


class Costs(Shape):
    """What one row costs: the columns of the confusion matrix, in any unit."""

    tp: float = Field(default=0, allow_inf_nan=False)
    fp: float = Field(allow_inf_nan=False)
    fn: float = Field(allow_inf_nan=False)
    tn: float = Field(default=0, allow_inf_nan=False)


class MetricLimit(Shape):
    name: MetricName
    direction: Literal["min", "max"] = "min"
    limit: float = Field(allow_inf_nan=False)
    beta: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    costs: Costs | None = None
    # Of every segment; without one, segments are measured and shown, and cross nothing.
    segment_limit: float | None = Field(default=None, allow_inf_nan=False)
    segment_limits: dict[Name, float] = Field(default_factory=dict, max_length=200)

    @model_validator(mode="after")
    def _means_something(self) -> "MetricLimit":
        if (self.name == "fbeta") != (self.beta is not None):
            raise ValueError("fbeta needs `beta`, and no other metric has one")
        if (self.name == "cost") != (self.costs is not None):
            raise ValueError(
                "cost needs `costs`, such as {fp: 1, fn: 20}, and no other metric does"
            )
        if self.name in _LOSSES and self.direction != "max":
            raise ValueError(f"{self.name} is bad above its limit: direction max")
        return self

    def bound_of(self, segment: str) -> float | None:
        """Return the limit of a segment, or of all rows for ''."""
        if not segment:
            return self.limit
        return self.segment_limits.get(segment, self.segment_limit)


class PerformanceSpec(Periodic):
    """Metrics over the rows of a window whose labels have come."""

    source: Name = "requests"
    label_delay_days: int = Field(default=28, ge=0, le=400)
    label: Name = "label"
    prediction: Name = "prediction"
    score: Name | None = None
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    group: Name | None = None
    k: int = Field(default=5, ge=1, le=1000)
    min_labels: int = Field(default=100, ge=1)
    min_completeness: Share = 0.8
    metrics: list[MetricLimit] = Field(min_length=1, max_length=20)
    segments: list[Name] = Field(default_factory=list, max_length=10)
    segment_min_labels: int = Field(default=100, ge=10)
    horizon: Name | None = None  # of a forecast: how many steps ahead; every value a segment
    series: list[Name] = Field(default_factory=list, max_length=5)
    season_length: int | None = Field(default=None, ge=1, le=100_000)
    # What the confidence of the answers lets one expect until the labels are there.
    estimate: Literal["none", "confidence"] = "none"
    severity: dict[Literal["breach", "data_fault", "source_fault"], Level] = Field(
        default_factory=lambda: {"breach": "critical"}  # type: ignore[arg-type]
    )

    @model_validator(mode="after")
    def _lists_are_named(self) -> "PerformanceSpec":
        wanted = {metric.name for metric in self.metrics}
        if ranked := {"precision_at_k", "ndcg"} & wanted:
            _require(self.group, f"{' and '.join(sorted(ranked))} need `group`, the column "
                         "of the list")  # fmt: skip
        _require(len(wanted) == len(self.metrics), "each metric may be named once")
        _require(
            "mase" not in wanted or self.season_length,
            "mase needs `season_length`, in rows of one series of the reference, such as 7",
        )
        _require(
            self.estimate == "none" or ESTIMABLE & wanted,
            f"an estimate is possible of {', '.join(sorted(ESTIMABLE))} only",
        )
        return self

    @property
    def needs_labels(self) -> bool:
        """Say whether any metric compares with what came true."""
        return any(metric.name not in UNLABELED for metric in self.metrics)

    @property
    def needs_prediction(self) -> bool:
        """Say whether any metric looks at what a model answered; made-up data have no answers."""
        return any(metric.name != "detection_auc" for metric in self.metrics)

    @property
    def needs_reference(self) -> bool:
        """Say whether any metric looks at the reference."""
        return any(metric.name in UNLABELED or metric.name == "mase" for metric in self.metrics)

    @property
    def divided_by(self) -> list[str]:
        """Return the columns whose every value is measured by itself."""
        return list(dict.fromkeys([*self.segments, *([self.horizon] if self.horizon else [])]))


def _require(holds: object, message: str) -> None:
    """Refuse a spec that means nothing."""
    if not holds:
        raise ValueError(message)
