"""Read from MLflow's side what need not be typed: technique, libraries, data, schema, links."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.models import ModelVersion, SourceModel

_GROUPS_FILE = "muster/groups.json"
_DESCRIPTION = re.compile(r"(?:^|/)MLmodel$")
_ROLES = {"training": "train", "train": "train", "validation": "valid", "eval": "test"}


@dataclass(frozen=True)
class MLflowSide:
    """What MLflow holds: the version that counts, the one before, and what serves since when."""

    source: SourceModel | None = None
    version: ModelVersion | None = None
    previous: int | None = None
    serving: Mapping[str, int] | None = None
    since: datetime | None = None


def prefill(side: MLflowSide) -> dict[str, Any]:
    """Return values by field; what MLflow does not hold is left out."""
    found: dict[str, Any] = {}
    if side.serving:
        found["serving"] = [
            {"alias": alias, "version": number} for alias, number in side.serving.items()
        ]
        if side.since is not None:
            found["serving"][0]["since"] = side.since.isoformat()
    if side.version is not None:
        found |= _of_version(side.version, side)
    return {key: value for key, value in found.items() if value}


def _of_version(version: ModelVersion, side: MLflowSide) -> dict[str, Any]:
    tags, description = version.run_tags, _description(version)
    user = tags.get("mlflow.user")
    return {
        "model_version": _version_words(version, side),
        "technique": tags.get("muster.technique") or tags.get("estimator_name"),
        "framework": ", ".join(description.get("flavors", [])),
        "library_versions": dict(description.get("versions", {})),
        "registry_links": _links(version, side.source),
        "developers": [str(user)] if user else [],
        "datasets": [_dataset(item) for item in version.datasets],
        "input_schema": version.signature.get("inputs"),
        "declared_accuracy": _accuracy(version),
    }


def _description(version: ModelVersion) -> dict[str, Any]:
    for path, document in version.documents.items():
        if _DESCRIPTION.search(path) and isinstance(document, dict):
            return document
    return {}


def _version_words(version: ModelVersion, side: MLflowSide) -> str:
    before = f"follows version {side.previous}" if side.previous else "the first one"
    return f"version {version.number}, {before}"


def _links(version: ModelVersion, source: SourceModel | None) -> list[str]:
    links = [f"models:/{source.name}/{version.number}"] if source else []
    if version.run_id:
        links.append(f"runs:/{version.run_id}")
    commit = version.run_tags.get("mlflow.source.git.commit")
    if commit:
        repository = version.run_tags.get("mlflow.source.git.repoURL") or "git"
        links.append(f"{repository}@{commit}")
    return links


def _dataset(item: Any) -> dict[str, Any]:
    known = item if isinstance(item, dict) else {}
    context = str(known.get("context") or "")
    return {
        "role": _ROLES.get(context.lower(), context or "train"),
        "source": known.get("name"),
        "digest": known.get("digest"),
    }


def _accuracy(version: ModelVersion) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in sorted(version.metrics.items())[:50]:
        found[key] = value.get("value") if isinstance(value, dict) else value
    if found and _GROUPS_FILE in version.documents:
        found["by group"] = _GROUPS_FILE
    return found
