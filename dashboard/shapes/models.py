"""The fields of a registered model and of its source."""

from dashboard.forms import Choices, Field, Group
from dashboard.shapes.settings import choices
from monitoring.models import Source
from registry import tiering
from registry.models.models import DecisionRole, Lifecycle, Task

_UNANSWERED = ("", "not answered: counts as the worst")


def model(units: Choices, servers: Choices) -> list[Group]:
    """Return the form of a registered model."""
    hint = "Lower-case letters, digits and dashes; it stands in the model's address."
    return [
        Group(
            "Model",
            (
                Field("key", "Short name", help=hint, required=True, once=True),
                Field("name", "Name", required=True),
                Field("business_unit", "Unit", "select", choices=units, required=True),
                Field(
                    "owner",
                    "Owner",
                    "email",
                    "E-mail address; answers for the model.",
                    required=True,
                ),
                Field("deputy", "Deputy", "email", "E-mail address.", empty="null"),
                Field(
                    "purpose", "Purpose", "textarea", "What it decides, for whom.", required=True
                ),
                Field("description", "Description", "textarea", empty="null"),
                Field("task", "Task", "select", choices=choices(Task)),
                Field("lifecycle", "Lifecycle", "select", choices=choices(Lifecycle)),
                Field(
                    "decision_role", "Part in the decision", "select", choices=choices(DecisionRole)
                ),
                Field(
                    "jurisdictions",
                    "Jurisdictions",
                    "lines",
                    "Such as US, EU, DE; separated by commas.",
                ),
                Field("tags", "Tags", "lines", "Separated by commas."),
            ),
        ),
        Group(
            "MLflow",
            (
                Field("mlflow.server", "Server", "select", choices=(("", "none"), *servers)),
                Field("mlflow.model", "Registered name there", help="As MLflow spells it."),
            ),
        ),
        Group("Risk: the tier is computed from these", _questions()),
    ]


def answers() -> list[Group]:
    """Return the form of the tier's questions alone, for who approves and does not edit."""
    why = "What you looked at; asked for when the tier becomes lighter."
    return [
        Group("The tier is computed from these", _questions()),
        Group("Why", (Field("change_reason", "Because", "textarea", why),)),
    ]


def _questions() -> tuple[Field, ...]:
    scales = tuple(
        Field(
            f"tier_answers.{question.key}",
            question.label,
            "scale",
            choices=(_UNANSWERED, *((str(i), f"{i}: {c}") for i, c in enumerate(question.choices))),
            empty="null",
        )
        for question in tiering.QUESTIONS
    )
    yes_no = (("", "not answered"), ("true", "yes"), ("false", "no"))
    facts = tuple(
        Field(f"tier_answers.{key}", label, "yesno", choices=yes_no, empty="null")
        for key, label in tiering.FACTS.items()
    )
    feeds = Field(
        f"tier_answers.{tiering.FEEDS}",
        "How many tier-1 models take its output",
        "number",
        empty="null",
    )
    return (*scales, *facts, feeds)


def source(kind: str = "") -> list[Group]:
    """Return the form of a source: of one kind, or of a new one that may be any."""
    free = "Uploads come by the API or by hand; nothing has to be mounted."
    lies = "Of a folder the platform allows; batches/ and labels/ lie in it."
    runs = "Of runs in MLflow: where they lie; empty for where the champion was trained."
    logs = "What each run logs: scored.json as mlflow.log_table writes it, or dataset:inference."
    asks = "One SELECT of one window: … WHERE time >= {start} AND time < {end}"
    where = "postgresql://reader:password@db.example/warehouse; what is stored is kept when empty."
    first = "Hears of its faults first; the model's owner a day later. Empty: the owner at once."
    groups = [
        ("", Field("kind", "Kind", "select", free, choices=choices(Source.Kind), once=True)),
        (Source.Kind.FOLDER, Field("address", "Address", help=lies)),
        (Source.Kind.MLFLOW, Field("address", "Experiment", help=runs, empty="blank")),
        (Source.Kind.FOLDER, Field("format", "Format", "select", choices=choices(Source.Format))),
        (Source.Kind.SQL, Field("secret", "Database", "password", where)),
        (Source.Kind.SQL, Field("query", "Query", "textarea", asks)),
        (Source.Kind.SQL, Field("labels_query", "Query for labels", "textarea")),
        (Source.Kind.MLFLOW, Field("artifact", "Artifact", help=logs)),
        (Source.Kind.MLFLOW, Field("labels_artifact", "Artifact with labels", empty="blank")),
        ("", Field("owner", "Who looks after the pipeline", "email", first, empty="blank")),
    ]
    if not kind:
        # One input is the address of whichever kind.
        both = Field("address", "Address or experiment", help=f"{lies} {runs}")
        groups = [(of, field) for of, field in groups if field.name != "address"]
        groups.insert(1, ("", both))
    shown = tuple(field for of, field in groups if not kind or of in ("", kind))
    return [Group("Where the batches come from", shown)]


def upload() -> list[Group]:
    """Return the form beside the file of an upload."""
    window = "Its start in UTC, such as 2026-11-02. Labels may have any other name instead."
    kinds = (("batch", "Predictions (a batch)"), ("labels", "Labels"))
    fields = (
        Field("kind", "What it holds", "select", choices=kinds),
        Field("window", "Window", help=window, required=True),
    )
    return [Group("Which file", fields)]
