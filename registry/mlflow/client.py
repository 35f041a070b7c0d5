"""The one door to an MLflow server: its REST interface, through the guarded client.

One request takes at most 10 s and 16 MB; a list is followed by its tokens, and a token that
comes back a second time is an error, not an endless loop.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from registry import outbound
from registry.mlflow import records
from registry.mlflow.records import File, LoggedModel, Malformed, Model, Point, Run, Version
from registry.models import MLflowServer

_API = "/api/2.0/mlflow/"
_FILES_API = "/ajax-api/2.0/mlflow/"
_SECONDS = 10.0
_MAX_PAGES = 200
_RUNS_A_REQUEST = 200
_POINTS_A_PAGE = 10_000
_SAMPLED = 2500  # MLflow's interval answer is thinned out beyond this many points
_LAST_STEP = 2**63 - 1
Found = TypeVar("Found")


class Kind(StrEnum):
    """Why MLflow could not be read."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    REFUSED = "refused"
    MALFORMED = "malformed"


class MlflowError(Exception):
    """MLflow could not be read; `kind` says why."""

    def __init__(self, message: str, kind: Kind) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def is_of_the_server(self) -> bool:
        """Say whether the whole server is in trouble, not only what was asked for."""
        return self.kind is Kind.UNREACHABLE


class Client:
    """Read one MLflow server."""

    def __init__(self, server: MLflowServer) -> None:
        self._root = server.origin.rstrip("/")
        target = outbound.parse(self._root)
        self._allowed = (target.origin,)
        self._headers = {"Accept": "application/json"}
        if server.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = server.workspace
        if server.token:
            self._headers["Authorization"] = f"Bearer {server.token}"
        elif server.username:
            pair = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    def search_registered_models(self) -> list[Model]:
        """Return every registered model, each once, with its aliases."""
        items = self._pages("registered-models/search", "registered_models", max_results=1000)
        found = _read(records.model, items)
        return list({(model.name, model.created_ms): model for model in found}.values())

    def search_model_versions(self) -> list[Version]:
        """Return every version of every model, each once."""
        items = self._pages("model-versions/search", "model_versions", max_results=2000)
        found = _read(records.version, items)
        return list({(version.name, version.number): version for version in found}.values())

    def get_registered_model(self, name: str) -> Model:
        """Return one model, or raise MlflowError(MISSING) when it is really gone."""
        body = self._get("registered-models/get", name=name)
        return _read(records.model, [body.get("registered_model") or {}])[0]

    def get_model_version(self, name: str, number: int) -> Version:
        """Return one version, or raise MlflowError(MISSING) when it is really gone."""
        body = self._get("model-versions/get", name=name, version=number)
        return _read(records.version, [body.get("model_version") or {}])[0]

    def get_runs(self, run_ids: Iterable[str]) -> dict[str, Run]:
        """Return these runs by id, deleted ones too; an unknown one is left out."""
        wanted = sorted({run_id for run_id in run_ids if run_id.isalnum()})
        if not wanted:
            return {}
        experiments = [
            records.text(item.get("experiment_id"))
            for item in self._pages(
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
            answer = self._call("POST", f"{_API}runs/search", body)
            found |= {run.run_id: run for run in _read(records.run, answer.get("runs"))}
        return found

    def metric_history(self, run_id: str, key: str, after_step: int | None = None) -> list[Point]:
        """Return the logged points of a metric; with `after_step`, from that step on.

        Lower steps can be filled in later: read without `after_step` now and then.
        """
        if after_step is not None:
            body = self._get(
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
        items = self._pages(
            "metrics/get-history",
            "metrics",
            run_id=run_id,
            metric_key=key,
            max_results=_POINTS_A_PAGE,
        )
        return _read(records.point, items)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """Return an MLflow 3 logged model."""
        body = self._get(f"logged-models/{quote(model_id, safe='')}")
        return _read(records.logged_model, [body])[0]

    def list_artifacts(self, run_id: str, path: str = "") -> list[File]:
        """Return what lies in one folder of a run's artifacts."""
        more = {"path": path} if path else {}
        items = self._pages("artifacts/list", "files", run_id=run_id, **more)
        return _read(records.file, items)

    def list_model_files(self, model_id: str, path: str = "") -> list[File]:
        """Return what lies in one folder of a logged model."""
        more = {"artifact_directory_path": path} if path else {}
        place = f"logged-models/{quote(model_id, safe='')}/artifacts/directories"
        return _read(records.file, self._pages(place, "files", **more))

    def read_document(self, run_id: str, path: str, max_bytes: int = 1_048_576) -> bytes:
        """Return a small artifact of a run."""
        return self._bytes(self._artifact(run_id, path), max_bytes)

    def read_model_file(self, model_id: str, path: str, max_bytes: int = 1_048_576) -> bytes:
        """Return a small file of a logged model."""
        return self._bytes(self._model_file(model_id, path), max_bytes)

    def download(
        self, run_id: str, path: str, target: Path, *, max_bytes: int = 1_073_741_824
    ) -> tuple[int, str]:
        """Stream an artifact of a run to a file; return its size and SHA-256."""
        return self._download(self._artifact(run_id, path), target, max_bytes)

    def download_model_file(
        self, model_id: str, path: str, target: Path, *, max_bytes: int = 1_073_741_824
    ) -> tuple[int, str]:
        """Stream a file of a logged model to a file; return its size and SHA-256."""
        return self._download(self._model_file(model_id, path), target, max_bytes)

    def _artifact(self, run_id: str, path: str) -> str:
        return f"/get-artifact?{urlencode({'run_uuid': run_id, 'path': path})}"

    def _model_file(self, model_id: str, path: str) -> str:
        place = f"{_FILES_API}logged-models/{quote(model_id, safe='')}/artifacts/files"
        return f"{place}?{urlencode({'artifact_file_path': path})}"

    def _pages(self, place: str, name: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            body = self._get(place, **parameters, **more)
            yield from _objects(body.get(name))
            # Follow the token, not the page: with access rules a page may be empty before the end.
            token = records.text(body.get("next_page_token"))
            if not token:
                return
            if token in seen or len(seen) >= _MAX_PAGES:
                raise MlflowError("MLflow hands out the same page again and again.", Kind.MALFORMED)
            seen.add(token)

    def _get(self, place: str, **parameters: Any) -> dict[str, Any]:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._call("GET", f"{_API}{place}{query}")

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._request(method, path, headers, sent)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise MlflowError(_no_json(answer), Kind.MALFORMED) from error
        if not isinstance(found, dict):
            raise MlflowError("MLflow's answer is no JSON object.", Kind.MALFORMED)
        return found

    def _bytes(self, path: str, max_bytes: int) -> bytes:
        return self._request("GET", path, self._headers, b"", max_bytes).body

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        max_bytes: int = outbound.MAX_BYTES,
    ) -> outbound.Answer:
        try:
            answer = outbound.request(
                method,
                self._root + path,
                headers=headers,
                body=body,
                allowed_origins=self._allowed,
                seconds=_SECONDS,
                max_bytes=max_bytes,
            )
        except outbound.OutboundError as error:
            raise MlflowError(f"MLflow does not answer: {error}", Kind.UNREACHABLE) from error
        if answer.status != 200:
            raise _refusal(answer.status, answer.body)
        return answer

    def _download(self, path: str, target: Path, max_bytes: int) -> tuple[int, str]:
        try:
            return outbound.download(
                self._root + path,
                target,
                headers=self._headers,
                allowed_origins=self._allowed,
                max_bytes=max_bytes,
            )
        except outbound.OutboundError as error:
            if error.status and error.status != 200:
                raise _refusal(error.status, b"") from error
            raise MlflowError(f"MLflow does not answer: {error}", Kind.UNREACHABLE) from error


def _read(read: Callable[[dict[str, Any]], Found], items: Any) -> list[Found]:
    try:
        return [read(item) for item in (items if isinstance(items, Iterator) else _objects(items))]
    except (Malformed, AttributeError) as error:
        text = f"MLflow's answer makes no sense: {error}."
        raise MlflowError(text, Kind.MALFORMED) from error


def _objects(items: Any) -> list[dict[str, Any]]:
    try:
        return list(records.objects(items))
    except Malformed as error:
        text = f"MLflow's answer makes no sense: {error}."
        raise MlflowError(text, Kind.MALFORMED) from error


def _no_json(answer: outbound.Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    hint = (
        " Is this the address of MLflow, or of a sign-in page before it?" if "html" in kind else ""
    )
    return f"MLflow's answer is {kind[:60] or 'something'} instead of JSON.{hint}"


def _refusal(status: int, body: bytes) -> MlflowError:
    said = body[:2000].decode(errors="replace")
    try:
        message = json.loads(said)["message"]
    except (ValueError, KeyError, TypeError):
        message = said.strip().splitlines()[0] if said.strip() and "<" not in said else ""
    message = records.text(str(message), 300)
    if "Invalid Host header" in said:
        remedy = "start MLflow with --allowed-hosts naming the host that Muster calls it by"
        return MlflowError(f"MLflow refuses the host name it is called by: {remedy}.", Kind.REFUSED)
    if status in (401, 403):
        return MlflowError(f"MLflow denies access ({status}): {message}", Kind.DENIED)
    if status == 404:
        return MlflowError(f"MLflow does not know this: {message}", Kind.MISSING)
    if 300 <= status < 400:
        text = f"MLflow answers with a redirect ({status}), which is not followed."
        return MlflowError(text, Kind.REFUSED)
    kind = Kind.UNREACHABLE if status >= 500 or status == 429 else Kind.REFUSED
    return MlflowError(f"MLflow answers {status}: {message}", kind)


def _parts(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
