"""Runs that scored a batch: what MLflow says of them, as frozen objects."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.mlflow.records import Malformed, moment, objects, pairs, text

_MAX_SOURCE = 10_000


@dataclass(frozen=True)
class Dataset:
    """A dataset that a run logged as its input; the address is '' where MLflow knows none."""

    name: str
    context: str
    address: str


@dataclass(frozen=True)
class ScoredRun:
    """A finished run with its tags and the datasets it logged."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    tags: dict[str, str]
    datasets: list[Dataset]


@dataclass(frozen=True)
class Experiment:
    """Where runs lie."""

    experiment_id: str
    name: str
    is_deleted: bool


def line(said: str) -> str:
    """Return a text that may stand inside a sentence: without line ends and control characters."""
    return "".join(one if one.isprintable() else "\ufffd" for one in said)


def scored_run(item: dict[str, Any]) -> ScoredRun:
    """Read a finished run."""
    info, data = item.get("info") or {}, item.get("data") or {}
    inputs = objects((item.get("inputs") or {}).get("dataset_inputs"))
    run_id = text(info.get("run_id"), 64)
    if not run_id.isascii() or not run_id.isalnum():
        raise Malformed("the number of a run is none")  # files are named after it
    return ScoredRun(
        run_id=run_id,
        started_at=moment(info.get("start_time") or 0),
        ended_at=moment(info.get("end_time") or 0),
        tags={key: line(value) for key, value in pairs(data.get("tags")).items()},
        datasets=[_dataset(item) for item in inputs],
    )


def _dataset(item: dict[str, Any]) -> Dataset:
    logged = item.get("dataset") or {}
    return Dataset(
        name=text(logged.get("name"), 500),
        context=pairs(item.get("tags")).get("mlflow.data.context", ""),
        address=_address(text(logged.get("source"), _MAX_SOURCE)),
    )


def _address(source: str) -> str:
    """Return the address in a dataset's source, which is JSON in a text."""
    try:
        said = json.loads(source)
    except (ValueError, RecursionError):
        return ""
    found = said.get("uri") if isinstance(said, dict) else ""
    return line(found.removeprefix("file://")) if isinstance(found, str) else ""


def experiment(item: dict[str, Any]) -> Experiment:
    """Read an experiment."""
    return Experiment(
        experiment_id=text(item.get("experiment_id"), 64),
        name=line(text(item.get("name"), 500)),
        is_deleted=item.get("lifecycle_stage") == "deleted",
    )


def question(tags: dict[str, str], since: datetime | None, *, like: Collection[str] = ()) -> str:
    """Return the filter for finished runs with these tags that ended since then.

    Keys and values are ours, or names that may hold no quote: MLflow has no escape for them.
    """
    parts = ["attributes.status = 'FINISHED'"]
    for key, value in tags.items():
        if "'" in value or "`" in key:
            raise ValueError(value)
        parts.append(f"tags.`{key}` {'LIKE' if key in like else '='} '{value}'")
    if since is not None:
        parts.append(f"attributes.end_time >= {int(since.timestamp() * 1000)}")
    return " AND ".join(parts)
