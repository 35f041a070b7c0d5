"""The register as a table: its columns by E-23's names, written to cells and read from them.

The export writes these columns and the import reads the same, so that a file that was exported
can be edited in a spreadsheet and sent back. Pure: no database, no request.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from registry.problems import FieldError, Invalid

# What a spreadsheet would take for a formula: such a cell gets one leading apostrophe, which
# reading takes off again. The wide forms count too: some programs read them as the plain ones.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001


class Kind(StrEnum):
    """How a value of a column is written as text."""

    TEXT = "text"
    WHOLE = "whole number"
    YES_NO = "yes or no"
    LIST = "list, parts separated by semicolons"
    JSON = "JSON object"


_FIX = {
    Kind.TEXT: "write text",
    Kind.WHOLE: "digits alone, such as 3",
    Kind.YES_NO: "yes or no",
    Kind.LIST: "such as: one; two",
    Kind.JSON: 'such as {"origin": "in_house"}',
}


@dataclass(frozen=True)
class Column:
    """One column: its name, what it is in a model's body (`record.origin`), how it is written.

    A column without a path is only told: reading leaves it out.
    """

    name: str
    path: str
    kind: Kind = Kind.TEXT
    said: str = ""


_ANSWERS = ("exposure", "purpose", "harm", "method", "data", "change", "build", "bias", "reliance")
_FACTS = ("significant_effect_on_people", "eu_high_risk", "regulatory_figure")
SLUG = "slug"
COLUMNS: tuple[Column, ...] = (
    Column("model_id", SLUG, said="the slug; it addresses the model"),
    Column("model_name", "name"),
    Column("model_description", "description"),
    Column("business_line", "business_unit", said="slug of the unit"),
    Column("model_owner", "owner", said="e-mail address"),
    Column("deputy_owner", "deputy", said="e-mail address"),
    Column("model_developers", "record.developers", Kind.LIST),
    Column("model_origin", "record.origin"),
    Column("intended_purpose", "purpose"),
    Column("model_task", "task"),
    Column("decision_role", "decision_role"),
    Column("jurisdictions", "jurisdictions", Kind.LIST),
    Column("tags", "tags", Kind.LIST),
    Column("lifecycle_stage", "lifecycle"),
    Column("risk_rating", "", Kind.WHOLE, "the tier in force, 4 is de minimis; computed"),
    Column("provisional_rating", "", Kind.WHOLE, "the tier by the rule, before any override"),
    *(Column(f"answer_{name}", f"tier_answers.{name}", Kind.WHOLE) for name in _ANSWERS),
    *(Column(f"answer_{name}", f"tier_answers.{name}", Kind.YES_NO) for name in _FACTS),
    Column("answer_feeds_tier1", "tier_answers.feeds_tier1", Kind.WHOLE),
    Column("mlflow_server", "mlflow.server", said="slug of the server"),
    Column("mlflow_model", "mlflow.model", said="name in MLflow"),
    Column("model_version", "", Kind.WHOLE, "the version under the alias champion"),
    Column("deployment_date", "", said="when that version was first seen as champion"),
    Column("other_fields", "record", Kind.JSON, "the record's fields without a column here"),
    Column("model_uuid", "", said="never changes, not even by a rename"),
    Column("as_of", "", said="the moment that the row tells of"),
    Column("generated_at", "", said="when the file was made"),
)
_SAID = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
BY_NAME = {column.name: column for column in COLUMNS}
# Fields of the record that have a column of their own.
_OWN = {c.path.partition(".")[2] for c in COLUMNS if c.path.startswith("record.")}


def values(snapshot: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row, a typed value (or None) by column, from a record as history keeps it.

    `told` gives the columns that are not of the record, such as `model_version`.
    """
    server, _, name = (snapshot.get("mlflow") or "").partition(": ")
    record = snapshot.get("record") or {}
    body: dict[str, Any] = {
        **snapshot,
        "mlflow": {"server": server or None, "model": name or None},
        "record": record,
    }
    found = {column.name: _dig(body, column.path) for column in COLUMNS if column.path}
    found["other_fields"] = {key: record[key] for key in record if key not in _OWN} or None
    extra = {"risk_rating": snapshot.get("tier"), "model_uuid": snapshot.get("uuid")}
    extra["provisional_rating"] = snapshot.get("computed_tier", snapshot.get("tier"))
    merged = {**found, **extra, **told}
    return {column.name: merged.get(column.name) for column in COLUMNS}


def _dig(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


def cell(column: Column, value: Any) -> str:
    """Write a value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if column.kind is Kind.YES_NO and isinstance(value, bool):
        return "yes" if value else "no"
    if column.kind is Kind.LIST and isinstance(value, list):
        return guarded(_joined(value))
    if column.kind is Kind.JSON or isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return guarded(str(value))


def _joined(parts: Iterable[Any]) -> str:
    texts = [*parts]
    # A part that holds the separator (or would read as JSON) is kept whole by writing JSON.
    plain = all(isinstance(t, str) and t and t == t.strip() and ";" not in t for t in texts)
    if not plain or (texts and texts[0].startswith("[")):
        return json.dumps(texts, ensure_ascii=False)
    return "; ".join(texts)


def guarded(text: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def body(row: Mapping[str, Any], *, text: bool) -> tuple[str, dict[str, Any]]:
    """Return the slug and the body for `catalogue.put_model` of one row.

    `text` says that the row holds cells of a CSV file; one of a JSON file has typed values. An
    empty cell or null is left out, so that what is known is kept. Raises Invalid with
    `/<column>` pointers.
    """
    errors = [
        FieldError(f"/{str(name)[:60]}", "unknown_column", "no such column", "see docs/history.md")
        for name in row
        if name not in BY_NAME
    ]
    found: dict[str, Any] = {}
    for column in COLUMNS:
        value = row.get(column.name)
        if not column.path or value is None or value == "":
            continue
        try:
            _put(found, column.path, _parsed(column, str(value)) if text else value)
        except ValueError:
            errors.append(
                FieldError(
                    f"/{column.name}", "invalid", f"this is no {column.kind}", _FIX[column.kind]
                )
            )
    slug = found.pop(SLUG, "")
    if not slug or not isinstance(slug, str):
        errors.append(
            FieldError("/model_id", "required", "each row names its model", "such as card-fraud")
        )
    if errors:
        raise Invalid(*errors)
    return str(slug), found


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for part in parents:
        body = body.setdefault(part, {})
    if path == "record":
        if not isinstance(value, dict):
            raise ValueError(path)
        body.setdefault(last, {}).update(value)
    else:
        body[last] = value  # The body's own types judge it.


def _parsed(column: Column, cell: str) -> Any:
    """Return what a cell's text stands for."""
    text = cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    if column.kind is Kind.WHOLE and re.fullmatch(r"-?[0-9]{1,9}", text):
        return int(text)
    if column.kind is Kind.YES_NO and text.strip().lower() in _SAID:
        return _SAID[text.strip().lower()]
    if column.kind is Kind.LIST and not text.startswith("["):
        return [part.strip() for part in text.split(";") if part.strip()]
    if column.kind in (Kind.LIST, Kind.JSON):
        parsed = json.loads(text)
        if isinstance(parsed, list if column.kind is Kind.LIST else dict):
            return parsed
    if column.kind is not Kind.TEXT:
        raise ValueError(column.name)
    return text
