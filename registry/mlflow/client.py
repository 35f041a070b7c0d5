"""The one door to an MLflow server: its REST interface, through the guarded client.

One request takes at most 10 s and 16 MB; a list is followed by its tokens, and a token that
comes back a second time is an error, not an endless loop.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from registry.mlflow import records, scored
from registry.mlflow.pages import Pages
from registry.mlflow.records import File, LoggedModel, Malformed, Model, Point, Run, Version
from registry.mlflow.scored import Experiment, ScoredRun
from registry.mlflow.transport import API, Kind, MlflowError, OutOfTime, Transport, objects
from registry.models import MLflowServer

__all__ = ["Client", "Kind", "MlflowError", "OutOfTime"]
_FILES_API = "/ajax-api/2.0/mlflow/"
RUNS_A_REQUEST = 200
_HISTORIES_A_REQUEST = 100  # as many as MLflow takes
_POINTS_A_PAGE = 10_000
_SAMPLED = 500  # MLflow's interval answer is thinned out beyond this many points a run
_SCORED_A_PAGE = 100
_MOST_SCORED = 2_000
_MAX_PAGES = 100  # of one list in one sweep, however often it was cut
_STEPS = (-(2**63), 2**63 - 1)
Found = TypeVar("Found")


class Client:
    """Read one MLflow server; all that one object asks takes at most `seconds` together."""

    def __init__(
        self,
        server: MLflowServer,
        *,
        seconds: float = 120.0,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._wire = Transport(server, seconds=seconds, beat=beat)
        self._experiments: list[str] | None = None

    def addresses(self) -> list[str]:
        """Return the addresses that the server's name leads to."""
        return self._wire.addresses

    def allow(self, seconds: float) -> None:
        """Let requests begin for so many seconds from now at least."""
        self._wire.allow(seconds)

    def search_registered_models(self, kept: Pages[Model] | None = None) -> list[Model]:
        """Return every registered model, each once, with its aliases; go on from `kept`."""
        kept = Pages() if kept is None else kept
        self._follow("registered-models/search", "registered_models", 1000, records.model, kept)
        return list({(model.name, model.created_ms): model for model in kept.found}.values())

    def search_model_versions(self, kept: Pages[Version] | None = None) -> list[Version]:
        """Return every version of every model, each once; go on from `kept`."""
        kept = Pages() if kept is None else kept
        self._follow("model-versions/search", "model_versions", 2000, records.version, kept)
        return list({(version.name, version.number): version for version in kept.found}.values())

    def _follow(
        self,
        place: str,
        name: str,
        size: int,
        read: Callable[[dict[str, Any]], Found],
        kept: Pages[Found],
    ) -> None:
        if kept.is_whole:
            return
        for items, token in self._wire.pages(place, name, max_results=size, token=kept.token):
            kept.found += _read(read, items)
            kept.token, kept.count, kept.is_whole = token, kept.count + 1, not token
            if kept.count >= _MAX_PAGES and token:
                text = f"MLflow's list does not end after {_MAX_PAGES} pages."
                raise MlflowError(text, Kind.MALFORMED)

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
        found: dict[str, Run] = {}
        for part in _parts(wanted, RUNS_A_REQUEST):
            found |= self._runs(part)
        return found

    def _runs(self, part: Sequence[str]) -> dict[str, Run]:
        names = ",".join(f"'{run_id}'" for run_id in part)
        body = {
            "experiment_ids": self._known_experiments(),
            "filter": f"attributes.run_id IN ({names})",
            "run_view_type": "ALL",
            "max_results": RUNS_A_REQUEST,
        }
        try:
            answer = self._wire.call("POST", f"{API}runs/search", body)
        except MlflowError as error:
            # Runs with thousands of parameters: fewer at a time.
            if error.kind is not Kind.TOO_LARGE or len(part) < 2:
                raise
            half = len(part) // 2
            return self._runs(part[:half]) | self._runs(part[half:])
        return {run.run_id: run for run in _read(records.run, answer.get("runs"))}

    def _known_experiments(self) -> list[str]:
        if self._experiments is None:
            self._experiments = [
                records.text(item.get("experiment_id"))
                for item in self._all(
                    "experiments/search", "experiments", max_results=1000, view_type="ALL"
                )
            ]
        return self._experiments

    def find_experiment(self, key: str) -> Experiment:
        """Return the experiment with this name or, failing that, this number."""
        try:
            body = self._wire.get("experiments/get-by-name", experiment_name=key)
        except MlflowError as error:
            if error.kind is not Kind.MISSING or not (key.isascii() and key.isdigit()):
                raise
            body = self._wire.get("experiments/get", experiment_id=key)
        return _read(scored.experiment, [body.get("experiment") or {}])[0]

    def experiment_of(self, run_id: str) -> Experiment:
        """Return the experiment that a run lies in."""
        run = self._wire.get("runs/get", run_id=run_id).get("run")
        info = run.get("info") if isinstance(run, dict) else None
        number = records.text((info if isinstance(info, dict) else {}).get("experiment_id"), 64)
        body = self._wire.get("experiments/get", experiment_id=number)
        return _read(scored.experiment, [body.get("experiment") or {}])[0]

    def find_scored_runs(
        self, experiment: Experiment, question: str, *, most: int = _MOST_SCORED
    ) -> list[ScoredRun]:
        """Return the runs that a filter of `scored.question` finds, the latest end first."""
        body: dict[str, Any] = {
            "experiment_ids": [experiment.experiment_id],
            "filter": question,
            "run_view_type": "ACTIVE_ONLY",
            "order_by": ["attributes.end_time DESC"],
            "max_results": min(_SCORED_A_PAGE, most),
        }
        found: list[ScoredRun] = []
        for items in self._wire.posted_pages("runs/search", "runs", body):
            found += _read(scored.scored_run, items)
            if len(found) >= most:
                break
        return found[:most]

    def metric_histories(
        self, key: str, run_ids: Collection[str], after_step: int | None = None
    ) -> dict[str, list[Point]]:
        """Return the logged points of a metric of many runs; with `after_step`, from that step on.

        Lower steps can be filled in later: read without `after_step` now and then.
        """
        found: dict[str, list[Point]] = {}
        for part in _parts(sorted(run_ids), _HISTORIES_A_REQUEST):
            found |= self._histories(key, part, after_step)
        return found

    def _histories(
        self, key: str, part: Sequence[str], after_step: int | None
    ) -> dict[str, list[Point]]:
        try:
            body = self._wire.get(
                "metrics/get-history-bulk-interval",
                run_ids=part,
                metric_key=key,
                start_step=_STEPS[0] if after_step is None else after_step,
                end_step=_STEPS[1],
                max_results=_SAMPLED,
            )
        except MlflowError as error:
            if error.kind not in (Kind.TOO_LARGE, Kind.MISSING, Kind.REFUSED):
                raise
            return self._one_by_one(key, part)
        found: dict[str, list[Point]] = {run_id: [] for run_id in part}
        for run_id, point in _read(records.point_of_run, body.get("metrics")):
            if run_id in found:
                found[run_id].append(point)
        # What may have been thinned out is read whole.
        return {
            run_id: points if len(points) < _SAMPLED else self.metric_history(run_id, key)
            for run_id, points in found.items()
        }

    def _one_by_one(self, key: str, part: Sequence[str]) -> dict[str, list[Point]]:
        """Read what MLflow does not give together: one bad run must not hide the others."""
        found = {}
        for run_id in part:
            try:
                found[run_id] = self.metric_history(run_id, key)
            except MlflowError as error:
                if error.kind not in (Kind.MISSING, Kind.REFUSED):
                    raise
        return found

    def metric_history(self, run_id: str, key: str) -> list[Point]:
        """Return every logged point of a metric of one run."""
        items = self._all(
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
        items = self._all("artifacts/list", "files", run_id=run_id, **more)
        return _read(records.file, items)

    def list_model_files(self, model_id: str, path: str = "") -> list[File]:
        """Return what lies in one folder of a logged model."""
        more = {"artifact_directory_path": path} if path else {}
        place = f"logged-models/{quote(model_id, safe='')}/artifacts/directories"
        return _read(records.file, self._all(place, "files", **more))

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

    def _all(self, place: str, name: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        for items, _ in self._wire.pages(place, name, **parameters):
            yield from items

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
