"""Read the evidence of a version once: its files with digests, its documents, its signature.

Files of the run keep their path; files of an MLflow 3 logged model get `model/` before theirs.
Nothing is ever loaded: a model file is a row of bytes with a digest.
"""

import json
import logging
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from rest_framework.exceptions import ParseError

from registry import json_intake
from registry.mlflow import custody
from registry.mlflow.client import Client, MlflowError
from registry.mlflow.lease import Lease
from registry.mlflow.records import File, Run
from registry.models import MLflowServer, ModelVersion

logger = logging.getLogger(__name__)
_DOCUMENT = re.compile(r"muster/[^/]+\.json")
_MAX_FILES = 300
_MAX_FOLDERS = 60
_MAX_FILE_BYTES = 268_435_456
_MAX_DOCUMENT_BYTES = 1_000_000
_SECONDS_A_VERSION = 90.0
# A run that never ends (its job was killed) is read all the same after this time.
_PATIENCE = timedelta(hours=1)
_GIVE_UP_AFTER = 3


@dataclass
class Findings:
    """What was found of one version, and what could not be read."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    signature: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shelf:
    """A place where files of a version lie: its run, or its logged model."""

    prefix: str
    listed: Callable[[str], list[File]]
    fetch: Callable[[str, Path], tuple[int, str]]


def read(
    held: Lease,
    server: MLflowServer,
    client: Client,
    waiting: Sequence[ModelVersion],
    found: Mapping[str, Run],
    *,
    at: datetime,
    end: float,
) -> int:
    """Read the evidence of these versions until `end`; return how many were read."""
    ready = [v for v in waiting if not _goes_on(found.get(v.run_id), v, at=at)]
    broken_in_a_row = done = 0
    for version in ready:
        if time.monotonic() > end:
            break
        findings = Findings()
        read_at: datetime | None = at
        try:
            look(client, version, findings)
        except MlflowError as error:
            findings.faults.append(str(error))
            # What may be there tomorrow stays due, behind all that was not tried yet.
            read_at = None if error.is_of_the_server else at
        broken_in_a_row = broken_in_a_row + 1 if read_at is None else 0
        with held.transaction():
            _write(version, findings, read_at=read_at, at=at)
        done += read_at is not None
        if broken_in_a_row >= _GIVE_UP_AFTER:
            logger.warning("server %s: artifacts cannot be read now", server.slug)
            return 0
    return done


def look(client: Client, version: ModelVersion, findings: Findings) -> None:
    """Read what lies there of a version now; what is found up to an error is kept."""
    # A large file may take longer than is left of the sweep.
    client.allow(_SECONDS_A_VERSION)
    for shelf in _shelves(client, version):
        _read_shelf(shelf, findings, end=time.monotonic() + _SECONDS_A_VERSION)


def _goes_on(run: Run | None, version: ModelVersion, *, at: datetime) -> bool:
    """Say whether the run may still log artifacts: a model is often registered before them."""
    return run is not None and not run.is_over and at - version.created_at < _PATIENCE


def _shelves(client: Client, version: ModelVersion) -> Iterator[Shelf]:
    run_id, model_id = version.run_id, version.mlflow_model_id
    if run_id:
        yield Shelf(
            "",
            lambda path: client.list_artifacts(run_id, path),
            lambda path, to: client.download(run_id, path, to, max_bytes=_MAX_FILE_BYTES),
        )
    if model_id:
        yield Shelf(
            "model/",
            lambda path: client.list_model_files(model_id, path),
            lambda path, to: client.download_model_file(
                model_id, path, to, max_bytes=_MAX_FILE_BYTES
            ),
        )


def _read_shelf(shelf: Shelf, findings: Findings, *, end: float) -> None:
    with tempfile.TemporaryDirectory(prefix="muster-evidence-") as folder:
        for file in _walk(shelf, findings):
            path = f"{shelf.prefix}{file.path}"
            findings.files[path] = {"size": file.size, "digest": ""}
            if file.size > _MAX_FILE_BYTES or time.monotonic() > end:
                findings.faults.append(f"{path}: too large or too slow to be read.")
                continue
            copy = Path(folder) / "file"
            try:
                size, digest = shelf.fetch(file.path, copy)
            except MlflowError as error:
                if error.is_of_the_server:
                    raise
                findings.faults.append(f"{path}: {error}")
                continue
            findings.files[path] = {"size": size, "digest": digest}
            _read_content(path, copy, size, findings)


def _walk(shelf: Shelf, findings: Findings) -> Iterator[File]:
    folders, files = [""], 0
    for _ in range(_MAX_FOLDERS):
        if not folders:
            return
        for file in shelf.listed(folders.pop(0)):
            if file.is_folder:
                folders.append(file.path)
            elif files < _MAX_FILES:
                files += 1
                yield file
            else:
                findings.faults.append(f"more than {_MAX_FILES} files: the others are left out.")
                return
    findings.faults.append(f"more than {_MAX_FOLDERS} folders: the others are left out.")


def _read_content(path: str, copy: Path, size: int, findings: Findings) -> None:
    is_description = path.rpartition("/")[2] == "MLmodel"
    if not is_description and not _DOCUMENT.fullmatch(path):
        return
    if size > _MAX_DOCUMENT_BYTES:
        findings.faults.append(f"{path}: larger than {_MAX_DOCUMENT_BYTES} bytes.")
        return
    try:
        if is_description:
            described = yaml.safe_load(copy.read_bytes())
            findings.signature = _signature(described)
            known = json.dumps(_libraries(described)).encode()
            findings.documents[path] = json_intake.loads(known)
        else:
            findings.documents[path] = json_intake.loads(copy.read_bytes())
    except (ParseError, ValueError, yaml.YAMLError, RecursionError) as error:
        findings.faults.append(f"{path}: {str(error)[:300]}")


def _libraries(described: Any) -> dict[str, Any]:
    """Return from a model description what it was made with: flavors and versions, as texts."""
    known = described if isinstance(described, dict) else {}
    flavors = known.get("flavors")
    flavors = flavors if isinstance(flavors, dict) else {}
    versions = {"mlflow": known.get("mlflow_version")}
    for flavor in flavors.values():
        for key, value in flavor.items() if isinstance(flavor, dict) else ():
            if str(key).endswith("_version"):
                versions[str(key).removesuffix("_version")] = value
    return {
        "flavors": [str(name)[:100] for name in flavors if name != "python_function"],
        "versions": {
            str(key)[:100]: value[:100] for key, value in versions.items() if isinstance(value, str)
        },
    }


def _signature(described: Any) -> dict[str, Any]:
    """Return inputs and outputs of a model description, which are JSON texts inside YAML."""
    given = described.get("signature") if isinstance(described, dict) else None
    if not isinstance(given, dict):
        return {}
    # Only texts are taken, so that nothing YAML can build gets any further.
    parts = {key: given.get(key) for key in ("inputs", "outputs", "params")}
    return {
        key: json_intake.loads(json.dumps(json.loads(text)).encode())
        for key, text in parts.items()
        if isinstance(text, str)
    }


def _write(
    version: ModelVersion, findings: Findings, *, read_at: datetime | None, at: datetime
) -> None:
    fault = "\n".join(findings.faults)[:5000]
    if read_at is None:
        # What was read before is better than half of what is there.
        ModelVersion.objects.filter(pk=version.pk).update(evidence_fault=fault)
        return
    # An earlier look may have recorded files already: those stay what they were.
    difference = custody.compare(version.files, findings.files)
    files = custody.keep(version.files, findings.files)
    kept = {path: doc for path, doc in version.documents.items() if path in difference.broken}
    is_described_anew = any(path.rpartition("/")[2] == "MLmodel" for path in difference.broken)
    faults = custody.files_fault(difference)
    custody.note(version, faults, looked_at=[custody.Kind.ARTIFACT_CHANGED], at=at)
    ModelVersion.objects.filter(pk=version.pk).update(
        files=files,
        documents={**findings.documents, **kept},
        signature=version.signature if is_described_anew else findings.signature,
        digest=custody.digest_of(files),
        evidence_read_at=read_at,
        evidence_fault=fault,
    )
