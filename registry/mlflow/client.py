"""The one door to an MLflow server: its REST interface, through the guarded client.

One request takes at most 10 s and 16 MB; a list is followed by its tokens, and a token that
comes back a second time is an error, not an endless loop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from registry.mlflow import records
from registry.mlflow.records import File, LoggedModel, Malformed, Model, Point, Run, Version
from registry.mlflow.transport import API, Kind, MlflowError, Transport, objects
from registry.models import MLflowServer

__all__ = ["Client", "Kind", "MlflowError"]
_FILES_API = "/ajax-api/2.0/mlflow/"
_RUNS_A_REQUEST = 200
_POINTS_A_PAGE = 10_000
_SAMPLED = 2500  # MLflow's interval answer is thinned out beyond this many points
_LAST_STEP = 2**63 - 1
Found = TypeVar("Found")


class Client:
    """Read one MLflow server; all that one object asks takes at most `seconds` together."""

    def __init__(self, server: MLflowServer, *, seconds: float = 120.0) -> None:
        self._wire = Transport(server, seconds=seconds)

    def search_registered_models(self) -> list[Model]:
        """Return every registered model, each once, with its aliases."""
        items = self._wire.pages("registered-models/search", "registered_models", max_results=1000)
        found = _read(records.model, items)
        return list({(model.name, model.created_ms): model for model in found}.values())

    def search_model_versions(self) -> list[Version]:
        """Return every version of every model, each once."""
        items = self._wire.pages("model-versions/search", "model_versions", max_results=2000)
        found = _read(records.version, items)
        return list({(version.name, version.number): version for version in found}.values())

    def get_registered_model(self, name: str) -> Model:
        """Return one model, or raise MlflowError(MISSING) when it is really gone."""
        body = self._wire.get("registered-models/get", name=name)
        return _read(records.model, [body.get("registered_model") or {}])[0]

    def get_model_version(self, name: str, number: int) -> Version:
        """Return one version, or raise MlflowError(MISSING) when it is really gone."""
        body = self._wire.get("model-versions/get", name=name, version=number)
        return _read(records.version, [body.get("model_version") or {}])[0]

    def get_runs(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Return these runs by id, deleted ones too; an unknown one is left out."""
        wanted = sorted({run_id for run_id in run_ids if run_id.isalnum()})
        if not wanted:
            return {}
        experiments = [
            records.text(item.get("experiment_id"))
            for item in self._wire.pages(
                "experiments/search", "experiments", max_results=1000, view_type="ALL"
            )
        ]
        found: dict[str, Run] = {}
        for part in _parts(wanted, _RUNS_A_REQUEST):
            names = ",".join(f"'{run_id}'" for run_id in part)
            body = {
                "experiment_ids": experiments,
                "filter": f"attributes.run_id IN ({names})",
                "run_view_type": "ALL",
                "max_results": _RUNS_A_REQUEST,
            }
            answer = self._wire.call("POST", f"{API}runs/search", body)
            found |= {run.run_id: run for run in _read(records.run, answer.get("runs"))}
        return found

    def metric_history(self, run_id: str, key: str, after_step: int | None = None) -> list[Point]:
        """Return the logged points of a metric; with `after_step`, from that step on.

        Lower steps can be filled in later: read without `after_step` now and then.
        """
        if after_step is not None:
            body = self._wire.get(
                "metrics/get-history-bulk-interval",
                run_ids=run_id,
                metric_key=key,
                start_step=after_step,
                end_step=_LAST_STEP,
                max_results=_SAMPLED,
            )
            found = _read(records.point, body.get("metrics"))
            if len(found) < _SAMPLED:
                return found
        items = self._wire.pages(
            "metrics/get-history",
            "metrics",
            run_id=run_id,
            metric_key=key,
            max_results=_POINTS_A_PAGE,
        )
        return _read(records.point, items)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return an MLflow 3 logged model."""
        body = self._wire.get(f"logged-models/{quote(model_id, safe='')}")
        return _read(records.logged_model, [body])[0]

    def list_artifacts(self, run_id: str, path: str = "") -> list[File]:
        """Return what lies in one folder of a run's artifacts."""
        more = {"path": path} if path else {}
        items = self._wire.pages("artifacts/list", "files", run_id=run_id, **more)
        return _read(records.file, items)

    def list_model_files(self, model_id: str, path: str = "") -> list[File]:
        """Return what lies in one folder of a logged model."""
        more = {"artifact_directory_path": path} if path else {}
        place = f"logged-models/{quote(model_id, safe='')}/artifacts/directories"
        return _read(records.file, self._wire.pages(place, "files", **more))

    def read_document(self, run_id: str, path: str, max_bytes: int = 1_048_576) -> bytes:
        """Return a small artifact of a run."""
        return self._wire.read(self._artifact(run_id, path), max_bytes)

    def read_model_file(self, model_id: str, path: str, max_bytes: int = 1_048_576) -> bytes:
        """Return a small file of a logged model."""
        return self._wire.read(self._model_file(model_id, path), max_bytes)

    def download(
        self, run_id: str, path: str, target: Path, *, max_bytes: int = 1_073_741_824
    ) -> tuple[int, str]:
        """Stream an artifact of a run to a file; return its size and SHA-256."""
        return self._wire.download(self._artifact(run_id, path), target, max_bytes)

    def download_model_file(
        self, model_id: str, path: str, target: Path, *, max_bytes: int = 1_073_741_824
    ) -> tuple[int, str]:
        """Stream a file of a logged model to a file; return its size and SHA-256."""
        return self._wire.download(self._model_file(model_id, path), target, max_bytes)

    def _artifact(self, run_id: str, path: str) -> str:
        return f"/get-artifact?{urlencode({'run_uuid': run_id, 'path': path})}"

    def _model_file(self, model_id: str, path: str) -> str:
        place = f"{_FILES_API}logged-models/{quote(model_id, safe='')}/artifacts/files"
        return f"{place}?{urlencode({'artifact_file_path': path})}"


def _read(read: Callable[[dict[str, Any]], Found], items: Any) -> list[Found]:
    try:
        return [read(item) for item in (items if isinstance(items, Iterator) else objects(items))]
    except (Malformed, AttributeError) as error:
        text = f"MLflow's answer makes no sense: {error}."
        raise MlflowError(text, Kind.MALFORMED) from error


def _parts(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
