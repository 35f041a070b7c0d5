"""What each condition of an alert is called, means and asks for: one row a condition; pure.

A check's verdict and MLflow's news are told by the same rows, so that message, incident, page and
health agree. A condition without a row is a KeyError, never a silent default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitoring.alerts import event_words


@dataclass(frozen=True)
class ConditionWords:
    """What a person has to know about one condition, whichever model it befalls.

    `seen` may name {window}, the day of the first bad window, and {moment}, when it was noticed;
    `nothing` and `over` may name {good}, the good windows in a row that end the alert.
    """

    label: str
    title: str  # of the incident, behind the model's name
    likely: str
    effect: str
    nothing: str
    do_now: str
    over: str
    seen: str = "bad since the window of {window}"
    severity: str = "watch"  # where no check's version rates it
    judged: bool = True  # False: the monitor could not look, so the health is unknown
    sound: str = ""  # whether the monitor is sound; '' when only the run can tell


_UNTIL_GOOD = "The alert stays open until Muster has seen {good}."
_GOOD_AGAIN = "Muster has seen {good}."
_BLIND = "No: it could not look. Nothing is known about the model in this window."
_AS_RECORDED = "MLflow shows again what was recorded."
_APART = "Yes: Muster read MLflow's answer itself; the checks go on apart from this."


def _fault(
    label: str, title: str, *, likely: str, do_now: str, sound: str = _BLIND
) -> ConditionWords:
    """Make the row of a window that could not be judged."""
    return ConditionWords(
        label=label,
        title=title,
        likely=likely,
        effect="The model goes on answering, and nobody is watching how well.",
        nothing="The health of the model stays unknown until a window can be judged.",
        do_now=do_now,
        over="The newest window could be judged again.",
        judged=False,
        sound=sound,
    )


def _event(
    label: str,
    title: str,
    *,
    likely: str,
    effect: str,
    nothing: str,
    do_now: str,
    severity: str = "watch",
    over: str = _AS_RECORDED,
) -> ConditionWords:
    """Make the row of what happened in MLflow: it follows from no check and no window."""
    return ConditionWords(
        label=label,
        title=title,
        likely=likely,
        effect=effect,
        nothing=nothing,
        do_now=do_now,
        over=over,
        seen="seen {moment}",
        severity=severity,
        sound=_APART,
    )


WORDS: Mapping[str, ConditionWords] = {
    "drift": ConditionWords(
        label="Drift",
        title="the data have moved",
        likely="The population or an upstream feature has changed.",
        effect="The model answers for data that it was not trained on; how well is not known "
        "before the labels come.",
        nothing=_UNTIL_GOOD,
        do_now="Open the incident and look at the run.",
        over=_GOOD_AGAIN,
    ),
    "breach": ConditionWords(
        label="Limit broken",
        title="a limit on performance is broken",
        likely="The link between features and outcome has changed, or the labels have.",
        effect="The model's answers are worse than the limit that was agreed.",
        nothing=_UNTIL_GOOD,
        do_now="Open the incident and decide: retrain, restrict the model, or accept.",
        over=_GOOD_AGAIN,
        severity="critical",
    ),
    "data_fault": _fault(
        "Data fault",
        "the data break their contract",
        likely="A change upstream: a release of the feed, a unit, a join. Not the model.",
        do_now="Ask whoever owns the feed; a corrected batch is judged again by itself.",
        sound="",
    ),
    "source_fault": _fault(
        "Source fault",
        "the source cannot be read",
        likely="The folder, its rights, or the file itself; the model is not the suspect.",
        do_now="Make the source readable; the next scan judges the batch by itself.",
    ),
    "missed": _fault(
        "No batch came",
        "no batch came",
        likely="The job that writes the batch did not run, or writes elsewhere.",
        do_now="Ask for the batch; it is judged when it lands, however late.",
    ),
    "not_evaluated": _fault(
        "Not evaluated",
        "a check could not look",
        likely="Something the check needs is missing; see above.",
        do_now="Open the incident and look at the run.",
    ),
    "failed": _fault(
        "Check failed",
        "a check keeps dying",
        likely="The batch is too large or makes the judge crash; Muster tried three times.",
        do_now="Open the incident and look at the run.",
    ),
    event_words.CHAMPION_MOVED: _event(
        "Champion moved outside Muster",
        "the champion was moved, not by Muster",
        likely="Somebody, or a job, set the alias in MLflow itself; MLflow does not say who.",
        effect="Another version answers than the one that was last looked at here.",
        nothing="The alert stays open until somebody closes its incident or the alias is back.",
        do_now="Ask the team who moved it and why; compare the two versions on the model page.",
    ),
    event_words.CHAMPION_REMOVED: _event(
        "Champion removed outside Muster",
        "the champion's alias was removed, not by Muster",
        likely="Somebody, or a job, took the alias away in MLflow itself; MLflow does not say who.",
        effect="Nothing says which version answers; what needs a champion is not evaluated.",
        nothing="The alert stays open until somebody closes its incident or the alias is back.",
        do_now="Ask the team which version serves, and let them set the alias in MLflow again.",
    ),
    event_words.FILES_CHANGED: _event(
        "Files overwritten",
        "the files of a version are not those that were recorded",
        likely="A job wrote over the artifacts, or somebody replaced them by hand.",
        effect="What serves may not be what was trained, tested and reviewed.",
        nothing="The alert stays open until the recorded files are back, or somebody closes it.",
        do_now="Stop a rollout of this version; restore the files or register a new version.",
        severity="critical",
    ),
    event_words.RUN_DELETED: _event(
        "Training run deleted",
        "the training run of a version was deleted",
        likely="Somebody cleaned up an experiment in MLflow; `mlflow gc` would make it final.",
        effect="How the version was made can no longer be shown from MLflow.",
        nothing="Once MLflow collects its garbage, the run cannot be brought back.",
        do_now="Restore the run in MLflow (`mlflow runs restore`) before it is collected.",
    ),
    event_words.LOGGED_MODEL_DELETED: _event(
        "Logged model deleted",
        "the logged model of a version was deleted",
        likely="Somebody deleted the logged model that this version points to.",
        effect="The version's files cannot be loaded any more: a restart may find nothing.",
        nothing="A rollback to this version would fail.",
        do_now="Restore the logged model in MLflow, or register the version again.",
        severity="critical",
    ),
    event_words.MISSING: _event(
        "Missing in MLflow",
        "MLflow does not show the model any more",
        likely="It was deleted or renamed there, or Muster's account lost its permission.",
        effect="Nothing new is known about its versions, aliases and metrics.",
        nothing="What Muster knew stays; checks that need MLflow will not be evaluated.",
        do_now="Ask whoever keeps the MLflow server; correct the record's MLflow name if it moved.",
        over="MLflow shows the model again, or another one under its name.",
    ),
    event_words.REMADE: _event(
        "Made anew in MLflow",
        "the model was deleted in MLflow and made anew under its name",
        likely="Somebody, or a job, deleted the model in MLflow and created one of the same name.",
        effect="Another model bears the name, and perhaps serves; nothing that was reviewed, "
        "approved or checked here is about it.",
        nothing="The record stays with the deleted model: its metrics are not judged any more, and "
        "nobody looks at the new one.",
        do_now="Ask the team why; if it is to replace the old one, tie the record to it on the "
        "model page. Else take the name from the record, or delete the new model.",
        over="The record was tied to the model that was made anew, or the old one is back.",
    ),
}

# The same conditions of a check on a logged metric, which looks at MLflow and at no batch.
_OF_A_METRIC: Mapping[str, ConditionWords] = {
    "breach": replace(
        WORDS["breach"],
        likely="What the metric measures has changed, or the job that logs it has.",
        effect="The metric is beyond the limit that was agreed.",
        sound="Yes: the value was read from MLflow.",
    ),
    "source_fault": replace(
        WORDS["source_fault"],
        title="MLflow cannot be read",
        likely="MLflow, the way to it, or what Muster may see there; not what the model does.",
        do_now="See that MLflow answers and shows the model; the window is then judged by itself.",
    ),
    "missed": replace(
        WORDS["missed"],
        label="No value came",
        title="no value came",
        likely="The job that logs the metric did not run, or logs to another run.",
        do_now="Ask whoever logs the metric; a value logged late is judged by itself.",
    ),
}

# The same conditions of a check that compares groups of people.
_OF_FAIRNESS: Mapping[str, ConditionWords] = {
    "breach": replace(
        WORDS["breach"],
        title="groups are treated differently",
        likely="The mix of applicants, a feature that stands for the group, or the threshold.",
        effect="A group of people has the favorable decision less often than was agreed, by more "
        "than chance explains.",
        do_now="Open the incident, look at the groups, and ask who answers for fair treatment "
        "whether decisions must stop, be reviewed by hand, or change.",
    ),
}
# The same condition of a check that compares serving with the offline store.
_OF_SKEW: Mapping[str, ConditionWords] = {
    "data_fault": replace(
        WORDS["data_fault"],
        title="serving sees other values than training",
        likely="A feature is computed in two ways, or one of the two stores is stale.",
        effect="The model answers on values it was not trained for.",
        do_now="Open the run, take the feature that differs most, and compare how serving and the "
        "offline store compute it for one row.",
    ),
}
_BY_KIND = {"metric": _OF_A_METRIC, "fairness": _OF_FAIRNESS, "skew": _OF_SKEW}


def words_of(condition: str, *, kind: str) -> ConditionWords:
    """Return the words of a condition that a check of this kind found; '' for MLflow's news."""
    return _BY_KIND.get(kind, WORDS).get(condition) or WORDS[condition]


def shown_state(words: ConditionWords, severity: str) -> str:
    """Return the health word a condition shows as; a fault means that we do not know."""
    return severity if words.judged or severity == "critical" else "unknown"


def good_windows(number: int) -> str:
    """Count the good windows that end an alert."""
    return "a good window" if number == 1 else f"{number} good windows in a row"
