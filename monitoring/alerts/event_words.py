"""What happened to a model in MLflow, in the words of a message; pure.

These alerts follow from no check: MLflow shows something else than Muster had recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EventWords:
    """What a person has to know about one condition, whichever model it befalls."""

    label: str
    title: str
    severity: str
    likely: str
    effect: str
    nothing: str
    do_now: str


CHAMPION_MOVED = "champion_moved"
FILES_CHANGED = "files_changed"
RUN_DELETED = "run_deleted"
LOGGED_MODEL_DELETED = "logged_model_deleted"
MISSING = "missing_in_mlflow"

WORDS: Mapping[str, EventWords] = {
    CHAMPION_MOVED: EventWords(
        label="Champion moved outside Muster",
        title="the champion was moved, not by Muster",
        severity="watch",
        likely="Somebody, or a job, set the alias in MLflow itself; MLflow does not say who.",
        effect="Another version answers than the one that was last looked at here.",
        nothing="The alert stays open until somebody closes its incident or the alias is back.",
        do_now="Ask the team who moved it and why; compare the two versions on the model page.",
    ),
    FILES_CHANGED: EventWords(
        label="Files overwritten",
        title="the files of a version are not those that were recorded",
        severity="critical",
        likely="A job wrote over the artifacts, or somebody replaced them by hand.",
        effect="What serves may not be what was trained, tested and reviewed.",
        nothing="The alert stays open until the recorded files are back, or somebody closes it.",
        do_now="Stop a rollout of this version; restore the files or register a new version.",
    ),
    RUN_DELETED: EventWords(
        label="Training run deleted",
        title="the training run of a version was deleted",
        severity="watch",
        likely="Somebody cleaned up an experiment in MLflow; `mlflow gc` would make it final.",
        effect="How the version was made can no longer be shown from MLflow.",
        nothing="Once MLflow collects its garbage, the run cannot be brought back.",
        do_now="Restore the run in MLflow (`mlflow runs restore`) before it is collected.",
    ),
    LOGGED_MODEL_DELETED: EventWords(
        label="Logged model deleted",
        title="the logged model of a version was deleted",
        severity="critical",
        likely="Somebody deleted the logged model that this version points to.",
        effect="The version's files cannot be loaded any more: a restart may find nothing.",
        nothing="A rollback to this version would fail.",
        do_now="Restore the logged model in MLflow, or register the version again.",
    ),
    MISSING: EventWords(
        label="Missing in MLflow",
        title="MLflow does not show the model any more",
        severity="watch",
        likely="It was deleted or renamed there, or Muster's account lost its permission.",
        effect="Nothing new is known about its versions, aliases and metrics.",
        nothing="What Muster knew stays; checks that need MLflow will not be evaluated.",
        do_now="Ask whoever keeps the MLflow server; correct the record's MLflow name if it moved.",
    ),
}


def headline(condition: str, detail: Mapping[str, Any]) -> str:
    """Say in one line what was found."""
    version = f"version {detail['number']}" if detail.get("number") is not None else "a version"
    if condition == CHAMPION_MOVED:
        start, end = detail.get("from"), detail.get("to")
        moved = f"from v{start} to v{end}" if end is not None else f"away from v{start}"
        return f"Champion moved {moved} in MLflow; who did it is not known"
    if condition == FILES_CHANGED:
        files = [str(path) for path in detail.get("files", [])]
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        named = f" ({', '.join(files[:3])}{more})" if files else ""
        return f"Files of {version} are not those that were recorded{named}"
    if condition == MISSING:
        if detail.get("presence") == "forbidden":
            return "MLflow no longer lets Muster read the model"
        return "MLflow does not know the model any more"
    what = "training run" if condition == RUN_DELETED else "logged model"
    return f"The {what} of {version} was deleted in MLflow"
