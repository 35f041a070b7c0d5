"""The fields of a check, by kind; what no field shows is in a text below them."""

from collections.abc import Collection
from typing import Any

from dashboard.forms import Choices, Field, Group
from dashboard.shapes import data_checks
from dashboard.shapes.hints import hinted
from monitoring import specs

REST = "rest"  # the field with what no other field says

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
    one = {"performance": _performance, "metric": _metric, "fairness": _fairness, "skew": _skew}
    own = [one[kind]()] if kind in one else data_checks.groups()
    windows: tuple[Field, ...] = (
        name,
        Field("every_days", "Days a window has", "number"),
        Field(
            *("start", "First window starts"),
            help="UTC, such as 2026-08-17T00:00:00Z.",
            required=True,
            short=True,
        ),
        Field("grace_hours", "Hours a batch may be late", "number"),
    )
    if kind != "metric":
        hint = "Where its batches land; a source is made on the model's page."
        windows += (Field("source", "Source", "select", hint, choices=sources),)
    groups = [Group("Windows", windows), *own, _alerts(kind)]
    named = {item.name for group in groups for item in group.fields}
    return hinted(kind, [*groups, _rest(left(specs.usual(kind), named))])


def left(spec: dict[str, Any], said: Collection[str]) -> dict[str, Any]:
    """Return what of a spec is not said by fields of these names."""
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if key in said:
            continue
        if isinstance(value, dict) and any(name.startswith(f"{key}.") for name in said):
            inner = {name: part for name, part in value.items() if f"{key}.{name}" not in said}
            if inner:
                found[key] = inner
        else:
            found[key] = value
    return found


def _alerts(kind: str) -> Group:
    when = (
        Field("when.bad", "Alert after so many bad windows", "number"),
        Field("when.of", "of the latest", "number"),
        Field("when.good", "Over after so many good ones", "number"),
    )
    if kind == "data":
        return Group("Alerts", when + data_checks.SEVERITIES)
    condition = {"skew": "data_fault"}.get(kind, "breach")
    level = Field(f"severity.{condition}", "An alert is", "select", choices=data_checks.LEVELS)
    return Group("Alerts", (*when, level))


def _rest(usual: dict[str, Any]) -> Group:
    hint = (
        "What no field above says, one `key: value` a line; docs/checks.md names the keys."
        " Each key is said in one place: what has a field is refused here unless that is empty."
    )
    rest = Field(REST, "More keys (YAML or JSON)", "yaml", hint, usual=usual)
    return Group("More, as text", (rest,), folded=True)


def _performance() -> Group:
    metrics = (
        "One each, such as: roc_auc min 0.7, rmse max 12. What belongs to one follows it:"
        " fbeta min 0.6 beta=2, cost max 3 fp=1 fn=20, segment_limit=0.6."
    )
    return Group(
        "What is measured",
        (
            Field("metrics", "Metrics with their limits", "lines", metrics, required=True),
            Field("label", "Column of the label", short=True),
            Field("prediction", "Column of the prediction", short=True),
            Field(
                *("score", "Column of the probability"),
                help="Empty: the prediction.",
                empty="null",
                short=True,
            ),
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
            Field("decision", "Column of the decision", short=True),
            Field("favorable.values", "Favorable decisions", "lines", one),
            Field("favorable.at_least", "or a decision of at least", "number", empty="null"),
            Field("favorable.at_most", "or a decision of at most", "number", empty="null"),
            Field("limits.impact_ratio", "Impact ratio at least", "number", limit, empty="null"),
            Field(
                *(
                    "limits.selection_difference",
                    "Difference of favored shares at most",
                    "number",
                    limit,
                ),
                empty="null",
            ),
            Field(
                *("limits.equal_opportunity", "The same among the deserving", "number"),
                help=labeled,
                empty="null",
            ),
            Field(
                *("limits.false_positive_ratio", "Ratio of false positives at most", "number"),
                help=labeled,
                empty="null",
            ),
            Field("label", "Column of the label", empty="null", short=True),
            Field("deserving", "Label of the deserving", "number"),
            Field("label_delay_days", "Days until labels are there", "number"),
            Field("min_cell", "Rows a group must have", "number"),
        ),
    )
