"""What happened to a model in MLflow: the names of the conditions, and their headline; pure.

These alerts follow from no check: MLflow shows something else than Muster had recorded.
"""

from collections.abc import Mapping
from typing import Any

CHAMPION_MOVED = "champion_moved"
CHAMPION_REMOVED = "champion_removed"
FILES_CHANGED = "files_changed"
RUN_DELETED = "run_deleted"
LOGGED_MODEL_DELETED = "logged_model_deleted"
MISSING = "missing_in_mlflow"
REMADE = "remade_in_mlflow"


def headline(condition: str, detail: Mapping[str, Any]) -> str:
    """Say in one line what was found."""
    version = f"version {detail['number']}" if detail.get("number") is not None else "a version"
    start, end = detail.get("from"), detail.get("to")
    if condition == CHAMPION_MOVED and detail.get("anew"):
        return (
            f"Champion moved from v{start} of the model deleted in MLflow to v{end} of the new one"
        )
    if condition == CHAMPION_REMOVED and detail.get("anew"):
        return (
            f"Champion v{start} was deleted in MLflow with its model; the new one has no champion"
        )
    if condition == CHAMPION_MOVED:
        return f"Champion moved from v{start} to v{end} in MLflow; who did it is not known"
    if condition == CHAMPION_REMOVED:
        return f"Champion removed from v{start} in MLflow; who did it is not known"
    if condition == FILES_CHANGED:
        files = [str(path) for path in detail.get("files", [])]
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        named = f" ({', '.join(files[:3])}{more})" if files else ""
        return f"Files of {version} are not those that were recorded{named}"
    if condition == MISSING:
        if detail.get("presence") == "forbidden":
            return "MLflow no longer lets Muster read the model"
        return "MLflow does not know the model any more"
    if condition == REMADE:
        return (
            "The model was deleted in MLflow and made anew under its name; it is not the same"
            " model: confirm by tying the record to it"
        )
    what = "training run" if condition == RUN_DELETED else "logged model"
    return f"The {what} of {version} was deleted in MLflow"
