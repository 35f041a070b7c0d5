"""The fields of a retraining policy: the important ones; the rest is in its text."""

from dashboard.forms import Choices, Field, Group
from dashboard.shapes.settings import choices
from registry.models.models import Task

# To say nothing must not mean the whole fleet: "all" is a choice that somebody makes.
_WHOM = (
    ("", "choose"),
    ("all", "all models of the one that keeps it"),
    ("some", "only models that fit what is said below"),
)
_NOBODY = ("", "none: a person starts the retraining")


def policy(units: Choices, trainers: Choices) -> list[Group]:
    """Return the form of a policy."""
    return [
        Group(
            "Which models",
            (
                Field(
                    "key", "Short name", help="Such as drift-standard.", required=True, once=True
                ),
                Field("business_unit", "Kept by", "select", choices=units, once=True, empty="null"),
                Field(
                    "whom",
                    "It is for",
                    "select",
                    "A policy of a unit never reaches beyond the unit.",
                    choices=_WHOM,
                    required=True,
                ),
                Field(
                    "selector.models",
                    "Only these models",
                    "lines",
                    "Short names, separated by commas; empty: all that fit below.",
                ),
                Field(
                    "selector.task",
                    "Only this task",
                    "select",
                    choices=(("", "any"), *choices(Task)),
                ),
                Field(
                    "selector.tier_at_most",
                    "Only up to tier",
                    "number",
                    "1 is the riskiest; empty: any.",
                ),
                Field("selector.tag", "Only with the tag"),
            ),
        ),
        *_signals(),
        Group(
            "When and by whom",
            (
                Field(
                    "spec.cadence_days",
                    "At the latest every so many days",
                    "number",
                    "Empty: only by signals.",
                ),
                Field("spec.cadence_grace_days", "Days of grace", "number"),
                Field("spec.cooldown_days", "Not again within days", "number"),
                Field("spec.max_per_quarter", "At most a quarter", "number"),
                Field("spec.hold_on_data_fault", "Hold while the data are faulty", "checkbox"),
                Field("spec.trainer", "Trainer", "select", choices=(_NOBODY, *trainers)),
            ),
        ),
    ]


def _signals() -> tuple[Group, ...]:
    return (
        Group(
            "Retrain when the data drifted",
            (
                Field(
                    "drift.at_least",
                    "Share of columns, at least",
                    "number",
                    "0.2 is 20 %; empty: not by drift.",
                ),
                Field("drift.windows", "in so many windows", "number"),
                Field("drift.of", "of the latest", "number"),
            ),
        ),
        Group(
            "Retrain when the model got worse",
            (
                Field("drop.metric", "Metric", help="Such as roc_auc; empty: not by a metric."),
                Field("drop.at_least", "Worse by a share of at least", "number", "0.05 is 5 %."),
                Field("drop.windows", "in so many windows", "number"),
                Field("drop.of", "of the latest", "number"),
            ),
        ),
    )


def text() -> list[Group]:
    """Return the form of the whole policy as text."""
    hint = "selector and spec; docs/retraining.md names the keys. Saved as a new version."
    return [Group("The whole policy", (Field("text", "Policy (YAML or JSON)", "yaml", hint),))]
