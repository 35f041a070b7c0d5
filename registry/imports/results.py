"""What became of each row of an import, and the errors of those refused as a CSV file."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from registry import inventory
from registry.access import NotAllowed
from registry.independence import NotIndependent
from registry.problems import FieldError, Invalid

_COLUMNS = ("row", "model", "slug", "field", "code", "detail", "fix")
_TEXT = inventory.Column("text", "")


class Status(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class RowError(BaseModel):
    """One thing wrong with a row: which field, what, and how to mend it."""

    pointer: str
    code: str
    detail: str
    fix: str


class RowResult(BaseModel):
    """What became of one row: `model` as the source spells it, `slug` of the record here."""

    row: int
    model: str
    slug: str
    status: Status
    errors: list[RowError] = []


def refused(row: int, model: str, error: Invalid | NotAllowed, *, slug: str = "") -> RowResult:
    """Return the result of a row that was not accepted."""
    errors = [RowError(**vars(fault)) for fault in faults(error)]
    return RowResult(row=row, model=model, slug=slug, status=Status.REFUSED, errors=errors)


def faults(error: Invalid | NotAllowed) -> tuple[FieldError, ...]:
    """Return what is wrong field by field; a missing right is about the unit, or the answers."""
    if isinstance(error, Invalid):
        return error.errors
    if isinstance(error, NotIndependent):
        return (FieldError("/tier_answers", "not_independent", str(error), "ask an approver"),)
    detail, _, fix = str(error).partition("; ")
    return (FieldError("/business_unit", "not_allowed", detail, fix.rstrip(".")),)


def counts(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many rows there are of each status."""
    found = Counter(str(result["status"]) for result in results)
    return {status.value: found[status] for status in Status}


def errors_csv(results: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file with one line an error."""
    yield _line(_COLUMNS)
    for result in results:
        for error in result.get("errors", ()):
            place = str(error["pointer"]).strip("/").replace("/", ".")
            cells = (result["row"], result["model"], result["slug"], place)
            yield _line((*cells, error["code"], error["detail"], error["fix"]))


def _line(cells: Iterable[object]) -> str:
    held = io.StringIO()
    csv.writer(held).writerow([inventory.cell(_TEXT, cell) for cell in cells])
    return held.getvalue()
