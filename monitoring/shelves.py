"""Fetch one artifact of one run in MLflow, or find the file that a dataset it logged names."""

import errno
import posixpath
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from monitoring import patience, sourcing
from monitoring.artifacts import Artifact, ending_of
from monitoring.data import landing
from monitoring.models import Source
from registry.mlflow.client import Client, Kind, MlflowError
from registry.mlflow.records import File
from registry.mlflow.scored import ScoredRun
from registry.problems import Invalid


class CannotTake(Exception):
    """What a run logged is there and cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Fetched:
    """A file that is here, or that may be read where it lies."""

    path: str
    size: int
    digest: str
    format: str


@dataclass
class Shelf:
    """What the runs of one experiment have logged; each folder is listed once a look."""

    source: Source
    client: Client
    _listed: dict[tuple[str, str], dict[str, File]] = field(default_factory=dict)

    def fetch(self, run: ScoredRun, wanted: Artifact, kind: str, stem: str) -> Fetched | None:
        """Return the file that a run logged, None when it logged none."""
        if wanted.context:
            return self._dataset(run, wanted)
        file = self._files(run, posixpath.dirname(wanted.path)).get(wanted.path)
        if file is None or file.is_folder:
            return None
        return self._download(run, wanted, file, kind, stem)

    def _files(self, run: ScoredRun, folder: str) -> dict[str, File]:
        key = (run.run_id, folder)
        if key not in self._listed:
            try:
                found = self.client.list_artifacts(run.run_id, folder)
            except MlflowError as error:
                raise _not_handed_out(error, f"a list of its artifacts in /{folder}") from error
            self._listed[key] = {file.path: file for file in found}
        return self._listed[key]

    def _download(
        self, run: ScoredRun, wanted: Artifact, file: File, kind: str, stem: str
    ) -> Fetched:
        most = settings.MUSTER_UPLOAD_MB
        if file.size > most * 2**20:
            raise _too_large(wanted)
        place = folder() / str(self.source.pk) / kind
        aside = place / f".aside-{uuid.uuid4().hex}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            size, digest = self.client.download(
                run.run_id, wanted.path, aside, max_bytes=most * 2**20
            )
            path = place / f"{stem}.{digest[:32]}.{wanted.ending}"
            aside.replace(path)
        except MlflowError as error:
            if error.kind is Kind.TOO_LARGE:
                raise _too_large(wanted) from error
            raise _not_handed_out(error, wanted.path) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            text = f"logged {wanted.path}, for which the disk of Muster has no room; make some"
            raise CannotTake(text) from error
        finally:
            aside.unlink(missing_ok=True)
        return Fetched(str(path), size, digest, landing.format_of(wanted.path))

    def _dataset(self, run: ScoredRun, wanted: Artifact) -> Fetched | None:
        found = [one for one in run.datasets if one.context == wanted.context]
        if not found:
            return None
        if len(found) > 1:
            raise CannotTake(f"logged {len(found)} datasets as {wanted.context}; log one")
        address = found[0].address
        if not address:
            fix = "name it: mlflow.data.from_pandas(rows, source=…), or log the rows as a table"
            raise CannotTake(f"logged the {wanted} without the file where it lies; {fix}")
        if not ending_of(address):
            fix = "log one file in Parquet, CSV, Arrow or JSON lines"
            raise CannotTake(
                f"logged a dataset in {landing.tail(address)}, which is not read; {fix}"
            )
        try:
            sourcing.require_readable(self.source, address)
        except Invalid as error:
            told = error.errors[0]
            raise CannotTake(
                f"logged a dataset in {landing.tail(address)}: {told.detail}; it takes {told.fix}"
            ) from error
        format = landing.format_of(address)
        sight = patience.look_at_file(self.source.pk, address, format=format)
        if sight.fault:
            raise CannotTake(f"logged a dataset that cannot be read: {sight.fault}")
        file, digest = sight.fresh[0]
        return Fetched(file.path, file.size, digest, format)


def _too_large(wanted: Artifact) -> CannotTake:
    most = settings.MUSTER_UPLOAD_MB
    fix = "log fewer rows, or Parquet, or a dataset under MUSTER_SOURCE_ROOTS"
    return CannotTake(f"logged {wanted.path} with more than {most} MB (MUSTER_UPLOAD_MB); {fix}")


def _not_handed_out(error: MlflowError, what: str) -> Exception:
    if error.kind in (Kind.MISSING, Kind.DENIED):
        return CannotTake(f"shows {what}, but MLflow does not hand it out: {error}")
    if "answers 5" not in str(error):
        return error
    # MLflow itself is up, or the run would not have been found.
    fix = "has its server access to where artifacts lie (--serve-artifacts)?"
    return CannotTake(f"is there, but MLflow cannot hand out {what} ({error}); {fix}")


def folder() -> Path:
    """Return where what runs logged lies."""
    return Path(settings.MUSTER_DATA_DIR).absolute() / "mlflow"
