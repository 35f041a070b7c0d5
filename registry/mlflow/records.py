"""What MLflow's answers say, as frozen objects; anything odd in an answer is told apart here.

MLflow omits empty fields, writes NaN as a text and infinity as the largest double, and lets
people name things as they like; PostgreSQL stores neither NUL nor half a surrogate pair.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LARGEST = 1.7976931348623157e308
_LONGEST = 20_000


class Malformed(Exception):
    """MLflow's answer is not what its documentation says."""


@dataclass(frozen=True)
class Model:
    name: str
    created_ms: int
    description: str
    tags: dict[str, str]
    aliases: dict[str, int]


@dataclass(frozen=True)
class Version:
    name: str
    number: int
    created_at: datetime
    run_id: str
    source: str
    status: str
    description: str
    tags: dict[str, str]

    @property
    def model_id(self) -> str:
        """Return the logged model (MLflow 3) that the version was made of, or ''."""
        found = re.fullmatch(r"models:/(m-[0-9a-zA-Z]{1,78})", self.source)
        return found[1] if found else ""


@dataclass(frozen=True)
class Point:
    """One logged value; `text` is NaN, Infinity or -Infinity where `number` is None."""

    key: str
    step: int
    at: datetime
    text: str
    number: float | None


@dataclass(frozen=True)
class Run:
    run_id: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]
    latest: dict[str, Point] = field(default_factory=dict)  # by highest step, as MLflow has it
    datasets: list[dict[str, str]] = field(default_factory=list)
    is_deleted: bool = False  # which is soft: MLflow still answers, until its garbage goes

    @property
    def is_over(self) -> bool:
        return self.status in ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class LoggedModel:
    model_id: str
    source_run_id: str
    artifact_uri: str


@dataclass(frozen=True)
class File:
    path: str
    is_folder: bool
    size: int


def text(value: Any, longest: int = _LONGEST) -> str:
    """Return a text that PostgreSQL can store; what is absent is ''."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Malformed("there is an object where a text should be")
    return _UNSTORABLE.sub("\ufffd", str(value))[:longest]


def number(value: Any) -> int:
    """Return a whole number, which MLflow writes as a number or as a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Malformed("there is no whole number where one should be")
    try:
        found = int(value)
    except ValueError as error:
        raise Malformed(f"'{value[:40]}' is no whole number") from error  # type: ignore[index]
    if abs(found) >= 2**63:
        raise Malformed("a whole number is too large")
    return found


def ordinal(value: Any) -> int:
    """Return the number of a version."""
    found = number(value)
    if not 0 <= found < 2**31:
        raise Malformed(f"{found} is no number of a version")
    return found


def moment(milliseconds: Any) -> datetime:
    """Return a time from milliseconds since 1970."""
    try:
        return datetime.fromtimestamp(number(milliseconds) / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Malformed("a time lies outside the calendar") from error


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list that MLflow leaves out when it is empty."""
    if not isinstance(value or [], list):
        raise Malformed("there is no list where one should be")
    for item in value or []:
        if not isinstance(item, dict):
            raise Malformed("there is a list of something else than objects")
        yield item


def pairs(value: Any) -> dict[str, str]:
    """Return `[{key, value}]` as a dictionary."""
    return {text(item.get("key"), 500): text(item.get("value")) for item in objects(value)}


def model(item: dict[str, Any]) -> Model:
    aliases = objects(item.get("aliases"))
    return Model(
        name=text(item.get("name"), 300),
        created_ms=number(item.get("creation_timestamp", 0)),
        description=text(item.get("description")),
        tags=pairs(item.get("tags")),
        aliases={text(a.get("alias"), 255): ordinal(a.get("version")) for a in aliases},
    )


def version(item: dict[str, Any]) -> Version:
    return Version(
        name=text(item.get("name"), 300),
        number=ordinal(item.get("version")),
        created_at=moment(item.get("creation_timestamp", 0)),
        run_id=text(item.get("run_id"), 64),
        source=text(item.get("source"), 1000),
        status=text(item.get("status"), 40),
        description=text(item.get("description")),
        tags=pairs(item.get("tags")),
    )


def point(item: dict[str, Any]) -> Point:
    raw = item.get("value")
    try:
        value = float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise Malformed("a metric's value is no number") from error
    if abs(value) >= _LARGEST:
        value = math.copysign(math.inf, value)
    finite = math.isfinite(value)
    words = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return Point(
        key=text(item.get("key"), 1000),
        step=number(item.get("step", 0)),
        at=moment(item.get("timestamp", 0)),
        text=repr(value) if finite else words,
        number=value if finite else None,
    )


def point_of_run(item: dict[str, Any]) -> tuple[str, Point]:
    return text(item.get("run_id"), 64), point(item)


def run(item: dict[str, Any]) -> Run:
    info, data = item.get("info") or {}, item.get("data") or {}
    inputs = objects((item.get("inputs") or {}).get("dataset_inputs"))
    return Run(
        run_id=text(info.get("run_id") or info.get("run_uuid"), 64),
        status=text(info.get("status"), 40),
        params=pairs(data.get("params")),
        tags=pairs(data.get("tags")),
        latest={p.key: p for p in map(point, objects(data.get("metrics")))},
        datasets=[_dataset(item) for item in inputs],
        is_deleted=info.get("lifecycle_stage") == "deleted",
    )


def _dataset(item: dict[str, Any]) -> dict[str, str]:
    dataset = item.get("dataset") or {}
    return {
        "name": text(dataset.get("name"), 500),
        "digest": text(dataset.get("digest"), 200),
        "context": pairs(item.get("tags")).get("mlflow.data.context", ""),
    }


def logged_model(item: dict[str, Any]) -> LoggedModel:
    info = (item.get("model") or {}).get("info") or {}
    return LoggedModel(
        model_id=text(info.get("model_id"), 80),
        source_run_id=text(info.get("source_run_id"), 64),
        artifact_uri=text(info.get("artifact_uri"), 1000),
    )


def file(item: dict[str, Any]) -> File:
    return File(
        path=text(item.get("path"), 1000),
        is_folder=bool(item.get("is_dir")),
        size=number(item.get("file_size") or 0),
    )
