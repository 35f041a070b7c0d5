"""The fields of a check, by kind: the important ones; the rest is in the spec's text."""

from typing import Any

from dashboard.forms import Choices, Field, Group

_LEVELS = (("watch", "▲ watch"), ("critical", "◆ critical"))
_NUMERIC = (
    ("psi", "PSI"),
    ("ks", "Kolmogorov-Smirnov (p-value)"),
    ("wasserstein", "Wasserstein"),
    ("jensenshannon", "Jensen-Shannon"),
    ("hellinger", "Hellinger"),
    ("total_variation", "Total variation"),
)
_CATEGORICAL = (
    ("psi", "PSI"),
    ("jensenshannon", "Jensen-Shannon"),
    ("hellinger", "Hellinger"),
    ("total_variation", "Total variation"),
    ("chisquare", "Chi-square (p-value)"),
)
_ESTIMATES = (("none", "say nothing"), ("confidence", "estimate from the score's confidence"))
_DIRECTIONS = (("max", "at most the limit"), ("min", "at least the limit"))
KINDS = {
    "data": "Data and drift: are the batches as agreed, and do they still look like training?",
    "performance": "Performance: is the model still right, once the labels are there?",
    "metric": "MLflow metric: does a logged figure stay within its limit?",
    "fairness": "Fairness: are groups of people treated alike?",
    "skew": "Training-serving skew: does serving see the values the offline store has?",
}
# What a new check starts with, besides the defaults of its kind.
STARTS: dict[str, dict[str, Any]] = {
    "data": {
        "every_days": 7,
        "grace_hours": 24,
        "when.bad": 2,
        "when.of": 3,
        "when.good": 2,
        "numeric.limit": 0.2,
        "categorical.limit": 0.2,
        "segment_limit": 0.35,
        "min_rows": 200,
    },
    "performance": {
        "every_days": 7,
        "grace_hours": 24,
        "label_delay_days": 28,
        "label": "label",
        "prediction": "prediction",
        "min_labels": 100,
        "min_completeness": 0.8,
        "segment_min_labels": 100,
        "when.bad": 2,
        "when.of": 3,
        "when.good": 2,
        "severity.breach": "critical",
    },
    "metric": {"every_days": 7, "grace_hours": 24, "when.bad": 1, "when.of": 1, "when.good": 1},
    "fairness": {
        "every_days": 7,
        "grace_hours": 24,
        "decision": "prediction",
        "limits.impact_ratio": 0.8,
        "label_delay_days": 28,
        "min_cell": 30,
        "when.bad": 2,
        "when.of": 3,
        "when.good": 2,
        "severity.breach": "critical",
    },
    "skew": {
        "every_days": 7,
        "grace_hours": 24,
        "offline": "offline",
        "keys": ["request_id"],
        "limit": 0.01,
        "min_matched": 0.9,
        "when.bad": 2,
        "when.of": 3,
        "when.good": 2,
    },
}


def source_choices(known: list[str], chosen: Any) -> Choices:
    """Return the sources a check can read, and the one it names though there is none."""
    choices = tuple((name, name) for name in known)
    named = str(chosen or (known[0] if known else "requests"))
    return choices if named in known else ((named, f"{named} (not there yet)"), *choices)


def check(kind: str, sources: Choices) -> list[Group]:
    """Return the form of a check of this kind."""
    name = Field("key", "Short name", help="Such as drift; lower-case.", required=True, once=True)
    own = {
        "data": _data,
        "performance": _performance,
        "metric": _metric,
        "fairness": _fairness,
        "skew": _skew,
    }[kind]
    condition = {"data": "drift", "skew": "data_fault"}.get(kind, "breach")
    windows: tuple[Field, ...] = (
        name,
        Field("every_days", "Days a window has", "number"),
        Field(
            "start", "First window starts", help="UTC, such as 2026-08-17T00:00:00Z.", required=True
        ),
        Field("grace_hours", "Hours a batch may be late", "number"),
    )
    if kind != "metric":
        hint = "Where its batches land; a source is made on the model's page."
        windows += (Field("source", "Source", "select", hint, choices=sources),)
    alerts = (
        Field("when.bad", "Alert after so many bad windows", "number"),
        Field("when.of", "of the latest", "number"),
        Field("when.good", "Over after so many good ones", "number"),
        Field(f"severity.{condition}", "An alert is", "select", choices=_LEVELS),
    )
    return [Group("Windows", windows), own(), Group("Alerts", alerts)]


def _data() -> Group:
    baselines = (("training", "the training data"), ("season", "the same weeks of last year"))
    return Group(
        "What is compared",
        (
            Field("baseline", "Compare with", "select", choices=baselines),
            Field("numeric.method", "Numbers by", "select", choices=_NUMERIC),
            Field("numeric.limit", "Limit for numbers", "number"),
            Field("categorical.method", "Categories by", "select", choices=_CATEGORICAL),
            Field("categorical.limit", "Limit for categories", "number"),
            Field("segments", "Segment columns", "lines", "Such as region, cohort."),
            Field("segment_limit", "Limit within a segment", "number"),
            Field("min_rows", "Rows a batch must have", "number"),
        ),
    )


def _performance() -> Group:
    metrics = "One each, such as: roc_auc min 0.7, rmse max 12."
    return Group(
        "What is measured",
        (
            Field("metrics", "Metrics with their limits", "lines", metrics, required=True),
            Field("label", "Column of the label"),
            Field("prediction", "Column of the prediction"),
            Field("score", "Column of the probability", help="Empty: the prediction."),
            Field("label_delay_days", "Days until labels are there", "number"),
            Field("min_labels", "Labels needed", "number"),
            Field("min_completeness", "Share of rows with a label", "number"),
            Field("estimate", "Until labels come", "select", choices=_ESTIMATES),
            Field("segments", "Segment columns", "lines", "Each value is measured by itself."),
            Field("segment_min_labels", "Labels a segment must have", "number"),
        ),
    )


def _metric() -> Group:
    return Group(
        "What is limited",
        (
            Field("metric", "Metric", help="As MLflow spells it.", required=True),
            Field("direction", "It must be", "select", choices=_DIRECTIONS),
            Field("limit", "Limit", "number", required=True),
        ),
    )


def _skew() -> Group:
    store = "The source whose batch of the window is the offline store's table."
    return Group(
        "What is compared",
        (
            Field("offline", "Source of the offline table", help=store, required=True),
            Field("keys", "Columns that name a row in both", "lines", required=True),
            Field("features", "Features", "lines", "Empty: every column both have."),
            Field("limit", "Share of unequal rows allowed", "number"),
            Field("min_matched", "Share of rows that must be in both", "number"),
        ),
    )


def _fairness() -> Group:
    one = "One of three: these decisions, a least, or a greatest value is what people hope for."
    limit = "Empty: not looked at."
    labeled = "Needs labels. Empty: not looked at."
    return Group(
        "Who is compared, and how far they may be apart",
        (
            Field("attributes", "Columns of the groups", "lines", "Such as sex, age_band."),
            Field("decision", "Column of the decision"),
            Field("favorable.values", "Favorable decisions", "lines", one),
            Field("favorable.at_least", "or at least", "number", empty="null"),
            Field("favorable.at_most", "or at most", "number", empty="null"),
            Field("limits.impact_ratio", "Impact ratio at least", "number", limit, empty="null"),
            Field(
                *("limits.selection_difference", "Favored less by at most", "number", limit),
                empty="null",
            ),
            Field(
                *("limits.equal_opportunity", "Deserving favored less by at most", "number"),
                help=labeled,
                empty="null",
            ),
            Field(
                *("limits.false_positive_ratio", "False positives, ratio at most", "number"),
                help=labeled,
                empty="null",
            ),
            Field("label", "Column of the label", empty="null"),
            Field("deserving", "Label of those who deserve the favorable decision", "number"),
            Field("label_delay_days", "Days until labels are there", "number"),
            Field("min_cell", "Rows a group must have", "number"),
        ),
    )


def text() -> list[Group]:
    """Return the form of the whole spec as text."""
    hint = "Everything a check can say; docs/checks.md names the keys. Saved as a new version."
    return [Group("The whole spec", (Field("spec", "Spec (YAML or JSON)", "yaml", hint),))]
