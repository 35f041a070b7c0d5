"""What a check and a contract may say, as pydantic models that the judge can import too."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NumericMethod = Literal["psi", "ks", "wasserstein", "jensenshannon", "hellinger", "total_variation"]
CategoricalMethod = Literal["psi", "jensenshannon", "chisquare", "hellinger", "total_variation"]
Method = Literal[
    "psi", "ks", "wasserstein", "jensenshannon", "chisquare", "hellinger", "total_variation"
]
Level = Literal["critical", "watch"]
# A column that only contract rules can say something about is still judged, but not scored.
Family = Literal["number", "category", "flag", "time", "text", "empty"]

# Segments that come from the time column: Mon to Sun, 00 to 23, and each day of the window.
TIME_SEGMENTS = ("@weekday", "@hour", "@day")

Name = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("needs a time zone, such as 2026-08-17T00:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the calendar") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Shape(BaseModel):
    """A part of a spec; unknown names are refused, so that a typo is not a silent default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class When(Shape):
    """The m-of-n that opens an alert, and how many good windows close it."""

    bad: int = Field(default=2, ge=1, le=20)
    of: int = Field(default=3, ge=1, le=20)
    good: int = Field(default=2, ge=1, le=20)

    @model_validator(mode="after")
    def _bad_fits_in_of(self) -> "When":
        if self.bad > self.of:
            raise ValueError("`bad` cannot be more than `of`")
        return self


class Numeric(Shape):
    method: NumericMethod = "psi"
    limit: Limit = 0.2


class Categorical(Shape):
    method: CategoricalMethod = "psi"
    limit: Limit = 0.2


class ForFeature(Shape):
    method: Method | None = None
    limit: Limit | None = None


class Prediction(Shape):
    column: Name = "prediction"
    method: Method = "psi"
    limit: Limit = 0.2


class Periodic(Shape):
    """What every check says about its windows and its alerts."""

    every_days: int = Field(default=7, ge=1, le=366)
    start: Moment
    grace_hours: int = Field(default=24, ge=0, le=24 * 60)
    when: When = When()


class Multivariate(Shape):
    """A method that looks at many columns at once; `columns` are all the inputs when empty."""

    method: Literal["mmd", "domain_classifier"]
    columns: list[Name] = Field(default_factory=list, max_length=500)
    # Of mmd a p-value (below is bad), of the classifier an AUC (above is bad).
    limit: Share | None = None

    @property
    def bound(self) -> float:
        """The limit, or the usual one of the method."""
        if self.limit is not None:
            return self.limit
        return 0.01 if self.method == "mmd" else 0.6


class DataSpec(Periodic):
    """Contract and drift of the batches of a source."""

    source: Name = "requests"
    # What reads the batch and counts: a process here, or Spark for what is past one machine.
    engine: Literal["local", "spark"] = "local"
    baseline: Literal["training", "season", "window", "previous"] = "training"
    baseline_window: Moment | None = None
    match: list[Literal["weekday", "hour", "month"]] = Field(default_factory=list, max_length=3)
    numeric: Numeric = Numeric()
    categorical: Categorical = Categorical()
    features: dict[Name, ForFeature] = Field(default_factory=dict, max_length=2000)
    prediction: Prediction = Prediction()
    correction: Literal["none", "benjamini_hochberg"] = "benjamini_hochberg"
    min_effect: Share = 0.0
    multivariate: list[Multivariate] = Field(default_factory=list, max_length=10)
    importance: Literal["mlflow", "none"] = "mlflow"
    segments: list[Name] = Field(default_factory=list, max_length=10)
    segment_min_rows: int = Field(default=300, ge=30)
    segment_limit: Limit = 0.35
    segment_limits: dict[Name, Limit] = Field(default_factory=dict, max_length=1000)
    min_rows: int = Field(default=50, ge=1)
    time: Name = "time"
    severity: dict[Literal["drift", "data_fault", "source_fault"], Level] = Field(
        default_factory=lambda: {"drift": "watch", "data_fault": "watch"}  # type: ignore[arg-type]
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "DataSpec":
        if (self.baseline == "window") != (self.baseline_window is not None):
            raise ValueError(
                "`baseline: window` and `baseline_window` (the start of the window to compare"
                " with) go together; give both or neither"
            )
        for name in self.segments:
            if name.startswith("@") and name not in TIME_SEGMENTS:
                raise ValueError(f"`segments` names {name}; times are {', '.join(TIME_SEGMENTS)}")
        for segment in self.segment_limits:
            column, equals, _ = segment.partition("=")
            if not equals or column not in self.segments:
                raise ValueError(
                    f"`segment_limits` names {segment}; write a column of `segments`, = and a value"
                )
        row_by_row = [
            name
            for name in ("segments", "multivariate", "match")
            if self.engine == "spark" and getattr(self, name)
        ]
        if self.engine == "spark" and self.baseline == "season":
            row_by_row.append("baseline: season")
        if row_by_row:
            raise ValueError(
                f"`engine: spark` judges whole batches; take out {', '.join(row_by_row)},"
                " or use `engine: local`"
            )
        looks = [(look.method, tuple(look.columns)) for look in self.multivariate]
        if len(set(looks)) < len(looks):
            raise ValueError("`multivariate` names a method twice for the same columns")
        return self


class MetricSpec(Periodic):
    """A limit on a metric that is logged to the champion's MLflow run."""

    metric: Name
    direction: Literal["min", "max"] = "max"
    limit: float = Field(allow_inf_nan=False)
    when: When = When(bad=1, of=1, good=1)
    severity: dict[Literal["breach", "source_fault"], Level] = Field(
        default_factory=lambda: {"breach": "watch"}  # type: ignore[arg-type]
    )


class ColumnContract(Shape):
    """What one column must look like. What is absent is not demanded."""

    family: Family
    required: bool = True
    max_null_share: Share = 0.05
    allow_infinite: bool = False
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    # Far outside: one such value is a fault, however many rows are sound.
    absurd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    # Magnitudes (quartiles of the absolute values that are not 0), for columns of one sign.
    magnitudes: list[float] | None = Field(default=None, min_length=3, max_length=3)
    sign: Literal[-1, 1] | None = None
    categories: list[str] | None = Field(default=None, max_length=1000)
    max_distinct: int | None = Field(default=None, ge=1)


class ContractSpec(Shape):
    """What a batch must look like before any statistic is taken."""

    columns: dict[Name, ColumnContract] = Field(default_factory=dict, max_length=5000)
    min_rows: int = Field(default=1, ge=1)
    # Fewer rows than this share of the usual count are a fault.
    min_share_of_usual: Share = 0.2
    max_unseen_share: Share = 0.01
    max_out_of_range_share: Share = 0.01
    max_duplicate_rows: Share = 0.05
    max_duplicate_ids: Share = 0.01
    max_outside_window: Share = 0.01
    extra_columns: Literal["note", "refuse"] = "note"
