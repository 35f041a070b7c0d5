"""Files that Muster stores itself: where they lie, and what is said of one that was deleted."""

from pathlib import Path

from django.conf import settings

from monitoring.models import Batch, LabelSet, Source

# Of each source: the folder of its kind, then the source's key, then batches or labels.
FOLDERS = {
    Source.Kind.UPLOAD: "uploads",
    Source.Kind.SQL: "queries",
    Source.Kind.MLFLOW: "mlflow",
}
REPORTS, BASELINES = "reports", "baselines"


def folder(kind: str) -> Path:
    """Return where what comes from sources of a kind is stored."""
    return root() / FOLDERS[Source.Kind(kind)]


def root() -> Path:
    """Return the folder that all of it lies in."""
    return Path(settings.MUSTER_DATA_DIR).absolute()


def gone(row: Batch | LabelSet) -> str:
    """Return the sentence about a file that was deleted for its age; '' while it is there."""
    if row.file_deleted_at is None:
        return ""
    what = "batch" if isinstance(row, Batch) else "labels"
    days = (row.file_deleted_at - row.landed_at).days
    return (
        f"the file of this window's {what} was deleted on {row.file_deleted_at:%Y-%m-%d},"
        f" {days} days after it came"
    )


def remedy(source: Source) -> str:
    """Return how a window whose file was deleted gets one again."""
    if source.kind == Source.Kind.UPLOAD:
        return "upload the window's file again"
    return "deliver the window's rows once more, for example to a source of kind upload"
