"""The form of one group of a record, read off the typed body: rows and blocks become fields."""

import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from dashboard.forms import Choices, Field, Group
from registry.record.body import RecordBody
from registry.record.fields import RecordField, fields
from registry.record.texts import LONGEST, Text

_SPARE_ROWS = 2
_NOT_SAID = ("", "not said")


def group(name: str, counts: Mapping[str, int]) -> list[Group]:
    """Return the form of a group; `counts` says how many rows each list has already."""
    plain: list[Field] = []
    found: list[Group] = []
    for item in fields():
        if item.group != name or not item.is_typed:
            continue
        kind = _bare(RecordBody.model_fields[item.key].annotation)
        if _is_body(kind) or _is_rows(kind):
            found += _blocks(item, kind, counts)
        else:
            plain.append(_field(item.key, item.label, kind, help_=item.help, empty="null"))
    return [Group(name, tuple(plain)), *found]


def _blocks(item: RecordField, kind: Any, counts: Mapping[str, int]) -> Iterator[Group]:
    if _is_body(kind):
        yield Group(item.label, tuple(_inner(item.key, kind, counts)))
        return
    (row,) = typing.get_args(kind)
    for index in range(counts.get(item.key, 0) + _SPARE_ROWS):
        inner = tuple(_inner(f"{item.key}.{index}", row, counts))
        yield Group(f"{item.label}, {index + 1}", inner)


def _inner(prefix: str, kind: type[BaseModel], counts: Mapping[str, int]) -> Iterator[Field]:
    for name, about in kind.model_fields.items():
        path, inner = f"{prefix}.{name}", _bare(about.annotation)
        label = about.title or name.replace("_", " ").capitalize()
        if _is_body(inner):
            yield from _labelled(label, _inner(path, inner, counts))
        elif _is_rows(inner):
            (row,) = typing.get_args(inner)
            for index in range(counts.get(path, 0) + _SPARE_ROWS):
                rows = _inner(f"{path}.{index}", row, counts)
                yield from _labelled(f"{label} {index + 1}", rows)
        else:
            # A required text has its Annotated taken apart: only the constraints are left.
            is_long = any(getattr(part, "max_length", 0) == LONGEST for part in about.metadata)
            yield _field(path, label, Text if inner is str and is_long else inner)


def _labelled(label: str, inner: Iterator[Field]) -> Iterator[Field]:
    for item in inner:
        yield Field(item.name, f"{label}: {item.label}", item.kind, item.help, item.choices)


def _field(name: str, label: str, kind: Any, *, help_: str = "", empty: str = "omit") -> Field:
    shape, choices, more = _shape(kind)
    said = " ".join(part for part in (help_, more) if part)
    return Field(name, label, shape, said, choices, empty=empty)


def _shape(kind: Any) -> tuple[str, Choices, str]:
    """Return how a kind of value is asked for."""
    if typing.get_origin(kind) is list:
        (part,) = typing.get_args(kind)
        if isinstance(_plain(part), type) and issubclass(_plain(part), StrEnum):
            return "checkboxes", _choices(part), ""
        return "lines", (), "Separated by commas."
    if typing.get_origin(kind) is dict:
        return "yaml", (), "One a line, as name: version."
    bare = _plain(kind)
    if bare is bool:
        return "yesno", (_NOT_SAID, ("true", "yes"), ("false", "no")), ""
    if bare in (int, float):
        return "number", (), ""
    if bare is date:
        return "text", (), "A day, such as 2026-08-17."
    if issubclass(bare, StrEnum):
        return "select", (_NOT_SAID, *_choices(bare)), ""
    return ("textarea" if kind == Text else "text"), (), ""


def _choices(kind: type[StrEnum]) -> Choices:
    return tuple((str(item), str(item).replace("_", " ")) for item in kind)


def _bare(annotation: Any) -> Any:
    """Take off `| None`."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        (kind,) = (part for part in typing.get_args(annotation) if part is not types.NoneType)
        return kind
    return annotation


def _plain(kind: Any) -> Any:
    """Take off Annotated."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _is_body(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_rows(kind: Any) -> bool:
    return typing.get_origin(kind) is list and _is_body(typing.get_args(kind)[0])


def counts(record: Mapping[str, Any], names: typing.Iterable[str] = ()) -> dict[str, int]:
    """Return how many rows each list of a record has, and at least as many as were posted."""
    found = dict(_lengths(record))
    for name in names:
        parts = name.split(".")
        for place, part in enumerate(parts):
            if part.isdigit() and len(part) < 4:
                path = ".".join(parts[:place])
                found[path] = max(found.get(path, 0), int(part) + 1 - _SPARE_ROWS)
    return found


def _lengths(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, int]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _lengths(inner, f"{prefix}{key}.")
        elif isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            yield f"{prefix}{key}", len(inner)


def values(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record by the names of the form's fields."""
    return dict(_flat(record))


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in pairs:
        path = f"{prefix}{key}"
        yield path, inner
        is_list = isinstance(inner, list) and any(isinstance(part, Mapping) for part in inner)
        if isinstance(inner, Mapping) or is_list:
            yield from _flat(inner, f"{path}.")


def body(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the record as the API takes it, and where each row stood on the form."""
    places: dict[str, str] = {}
    return {
        key: _solid(value, f"/{key}", f"/{key}", places) for key, value in given.items()
    }, places


def _solid(value: Any, pointer: str, shown: str, places: dict[str, str]) -> Any:
    """Drop what is empty and close the gaps between rows; nothing at all becomes None."""
    if isinstance(value, list):
        return value or None
    if not isinstance(value, Mapping):
        return value
    if value and all(str(key).isdigit() for key in value):
        rows: list[Any] = []
        for key in sorted(value, key=int):
            places[f"{pointer}/{len(rows)}"] = f"{shown}/{key}"
            row = _solid(value[key], f"{pointer}/{len(rows)}", f"{shown}/{key}", places)
            if row is not None:
                rows.append(row)
        return rows or None
    kept = {
        key: inner
        for key, part in value.items()
        if (inner := _solid(part, f"{pointer}/{key}", f"{shown}/{key}", places)) is not None
    }
    return kept or None
