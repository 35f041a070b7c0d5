"""Write the register out, row by row, so that its size costs time and never memory."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import F, QuerySet

from registry import inventory, serving
from registry.models import ModelRevision

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_BATCH = 500


def stream(
    form: str, revisions: QuerySet[ModelRevision], moment: datetime, *, at: datetime
) -> Iterator[str]:
    """Write the revisions of one moment in one of FORMATS; `at` is the time of writing."""
    rows = _rows(revisions, moment, at=at)
    return _csv(rows) if form == "csv" else _json(rows, moment, at=at)


def file_name(form: str, moment: datetime) -> str:
    """Name the file by the moment that it tells of."""
    return f"inventory-{moment:%Y-%m-%dT%H%M%SZ}.{form}"


def _rows(
    revisions: QuerySet[ModelRevision], moment: datetime, *, at: datetime
) -> Iterator[dict[str, Any]]:
    # A cursor on the server's side: the file is of one piece even if models change meanwhile.
    # Of the model itself only what never changes is read.
    lean = revisions.only("snapshot", "model__uuid", "unit__slug").order_by(F("slug"))
    found = lean.iterator(chunk_size=_BATCH)
    stamps = {"as_of": moment.isoformat(), "generated_at": at.isoformat()}
    while batch := list(islice(found, _BATCH)):
        champions = serving.champions(batch, moment)
        for row in batch:
            told: dict[str, Any] = {**stamps, "model_uuid": str(row.model.uuid)}
            if champion := champions.get(row.pk):
                told["model_version"] = champion.to_number
                told["deployment_date"] = champion.seen_at.isoformat()
            yield inventory.values(row.snapshot, told)


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow([column.name for column in inventory.COLUMNS])
    while batch := list(islice(rows, _BATCH)):
        for row in batch:
            writer.writerow([inventory.cell(c, row[c.name]) for c in inventory.COLUMNS])
        yield page.getvalue()
        page.seek(0)
        page.truncate()
    yield page.getvalue()


def _json(rows: Iterator[dict[str, Any]], moment: datetime, *, at: datetime) -> Iterator[str]:
    head = {"as_of": moment.isoformat(), "generated_at": at.isoformat()}
    yield json.dumps(head)[:-1] + ', "models": ['
    separator = "\n"
    while batch := list(islice(rows, _BATCH)):
        yield separator + ",\n".join(json.dumps(row, ensure_ascii=False) for row in batch)
        separator = ",\n"
    yield "\n]}\n"
