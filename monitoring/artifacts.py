"""What a source of kind mlflow reads in each run, and on which server."""

import re
from dataclasses import dataclass

from monitoring.data.landing import EXTENSIONS
from registry.models import MLflowServer, RegisteredModel
from registry.problems import invalid
from registry.queries import source_of

DATASET = "dataset:"
_PART = r"[A-Za-z0-9_=+@-][A-Za-z0-9_.=+@ -]*"
_FILE = re.compile(rf"{_PART}(/{_PART})*")
_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_ENDINGS = [ending for endings in EXTENSIONS.values() for ending in endings]
_EXAMPLE = "scored.json as mlflow.log_table(rows, 'scored.json') writes it, or dataset:inference"


@dataclass(frozen=True)
class Artifact:
    """A file of each run, or the dataset that it logs with a context."""

    path: str = ""
    context: str = ""

    @property
    def ending(self) -> str:
        """Return what a file's name ends in."""
        return ending_of(self.path)

    def __str__(self) -> str:
        return self.path or f"dataset with the context {self.context}"


def ending_of(name: str) -> str:
    """Return the ending of a file that can be read, or ''."""
    return max((one for one in _ENDINGS if name.lower().endswith(f".{one}")), key=len, default="")


def read(text: str, pointer: str) -> Artifact:
    """Return what a field names, or raise Invalid."""
    if text.startswith(DATASET):
        context = text.removeprefix(DATASET)
        if not _CONTEXT.fullmatch(context):
            detail = f"'{context[:60]}' cannot be the context of a dataset"
            fix = 'dataset:inference for mlflow.log_input(dataset, context="inference")'
            raise invalid(pointer, "invalid", detail, fix)
        return Artifact(context=context)
    if not _FILE.fullmatch(text):
        detail = f"'{text[:60]}' is no path of an artifact inside a run"
        raise invalid(pointer, "invalid", detail, _EXAMPLE)
    if not ending_of(text):
        fix = f"a name that ends in .{', .'.join(_ENDINGS)}"
        detail = f"what '{text[:60]}' holds is not told by its ending"
        raise invalid(pointer, "unknown_format", detail, fix)
    return Artifact(path=text)


def require(artifact: str, labels_artifact: str) -> Artifact:
    """Return what the rows are read from; refuse what no run could log."""
    if not artifact:
        detail = "runs in MLflow are a source once it is said what is read in them"
        raise invalid("/artifact", "required", detail, _EXAMPLE)
    found = read(artifact, "/artifact")
    if labels_artifact:
        labels = read(labels_artifact, "/labels_artifact")
        if labels == found:
            fix = "name another artifact; labels beside the rows need none: name their column"
            raise invalid("/labels_artifact", "taken", "these are the rows themselves", fix)
    return found


def server_of(model: RegisteredModel) -> MLflowServer | None:
    """Return the MLflow server that the model is tied to."""
    if model.mlflow_server is not None:
        return model.mlflow_server
    found = source_of(model)
    return found.server if found else None
