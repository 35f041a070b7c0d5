"""Endpoints of imports and of the operations that do them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from registry import operations
from registry.api_view import ResourceView, documented
from registry.imports import bulk, from_file, from_mlflow, results
from registry.imports.mapping import MLflowImport
from registry.imports.results import RowResult
from registry.json_intake import BulkJSONParser
from registry.models import ApiToken, Operation
from registry.openapi import Problem


class OperationAnswer(BaseModel):
    """How far an operation is; one that is only tried (`dry_run`) has no `operation`."""

    operation: UUID | None
    kind: str
    state: str
    total: int
    done: int
    counts: dict[str, int]
    results: list[RowResult]
    fault: str
    created_at: datetime
    finished_at: datetime | None


def shown(row: Operation) -> OperationAnswer:
    """Return what is answered about one operation."""
    return OperationAnswer(
        operation=row.uuid,
        kind=row.kind,
        state=row.state,
        total=row.total,
        done=len(row.results),
        counts=results.counts(row.results),
        results=row.results,
        fault=row.fault,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def tried(kind: str, rows: Sequence[RowResult], *, total: int, at: datetime) -> OperationAnswer:
    """Return what is answered about an import that was only tried."""
    return OperationAnswer(
        operation=None,
        kind=kind,
        state="preview",
        total=total,
        done=len(rows),
        counts=results.counts(row.model_dump() for row in rows),
        results=list(rows),
        fault="",
        created_at=at,
        finished_at=at,
    )


def find(view: ResourceView, key: str) -> Operation:
    """Return the operation with this UUID as far as the caller may look at it."""
    try:
        return operations.visible(view.actor).get(uuid=UUID(key))
    except ValueError as error:
        raise Operation.DoesNotExist from error


class ImportView(ResourceView):
    """Parent of the imports: small ones are answered when done, others with 202."""

    def begin(self, kind: str, body: dict[str, Any], *, total: int, dry_run: bool) -> Response:
        if dry_run:
            rows = min(total, operations.AT_ONCE)
            found = operations.preview(self.actor, kind, body, rows=rows, at=self.at)
            return self.answer(tried(kind, found, total=total, at=self.at))
        token = self.request.auth if isinstance(self.request.auth, ApiToken) else None
        row = operations.start(self.actor, kind, body, total=total, token=token, at=self.at)
        answer = self.answer(shown(row))
        if row.finished_at is None:
            answer.status_code = 202
            answer["Location"] = f"/api/v1/operations/{row.uuid}/"
        return answer


class MLflowImportView(ImportView):
    @documented(
        "Import from MLflow", body=MLflowImport, answer=OperationAnswer, later=OperationAnswer
    )
    def post(self, request: Request) -> Response:
        """Register MLflow's models, or update known ones, by a map of tags; safe to repeat.

        At most 200 rows are answered when they are done, more with 202 and an operation.
        """
        wanted = from_mlflow.read(self.actor, request.data, at=self.at)
        body = wanted.model_dump(mode="json", exclude_unset=True)
        kind, total = Operation.Kind.IMPORT_MLFLOW, len(wanted.models or [])
        return self.begin(kind, body, total=total, dry_run=wanted.dry_run)


class BulkItemAnswer(BaseModel):
    """What became of one item; `index` counts from zero, as `items` does."""

    index: int
    slug: str
    status: results.Status
    errors: list[results.RowError]


class BulkAnswer(BaseModel):
    """What became of every item, and how many there are of each status."""

    mode: bulk.Mode
    counts: dict[str, int]
    results: list[BulkItemAnswer]


class BulkModels(ImportView):
    parser_classes = (BulkJSONParser,)

    @documented("Put many models", body=bulk.BulkModels, answer=BulkAnswer, later=OperationAnswer)
    def post(self, request: Request) -> Response:
        """Register or change up to 1,000 models, each as PUT would; safe to repeat.

        `partial` does each item for itself; more than 200 are answered with 202 and an operation,
        whose rows count from one. `atomic` does all or none, and a 400 names the items at fault.
        """
        mode, items = bulk.read(request.data)
        if mode is bulk.Mode.ATOMIC:
            return self._done(mode, bulk.all_or_none(self.actor, items, at=self.at))
        if self.dry_run or len(items) <= operations.AT_ONCE:
            rows = bulk.work(self.actor, items, start=0, stop=len(items), at=self.at)
            return self._done(mode, rows)
        kind, body = Operation.Kind.BULK_MODELS, {"items": items}
        return self.begin(kind, body, total=len(items), dry_run=False)

    def _done(self, mode: bulk.Mode, rows: Sequence[RowResult]) -> Response:
        found = [
            BulkItemAnswer(index=r.row - 1, slug=r.slug, status=r.status, errors=r.errors)
            for r in rows
        ]
        counted = results.counts(row.model_dump() for row in rows)
        return self.answer(BulkAnswer(mode=mode, counts=counted, results=found))


class FileParser(BaseParser):
    """Hand over the bytes of an inventory file, one more than there may be at most."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return stream.read(from_file.MAX_BYTES + 1)


class CSVFile(FileParser):
    media_type = "text/csv"


class JSONFile(FileParser):
    media_type = "application/json"


_FILE = {
    "text/csv": {"type": "string"},
    "application/json": {"type": "array", "items": {"type": "object"}},
}


class InventoryImport(ImportView):
    parser_classes = (CSVFile, JSONFile)

    @documented(
        "Import an inventory file",
        body=_FILE,
        answer=OperationAnswer,
        later=OperationAnswer,
        filters={"dry_run": "`true` tells what would become of the first rows, and writes nothing"},
    )
    def post(self, request: Request) -> Response:
        """Register or change models by a file with the export's columns; safe to repeat.

        CSV in UTF-8 with commas or semicolons, or a JSON list; at most 8 MB and 5,000 rows.
        """
        sent: Any = request.data  # an empty dictionary when there is no body at all
        data = sent if isinstance(sent, bytes) else b""
        is_json = (request.content_type or "").startswith("application/json")
        rows = from_file.read(data, is_json=is_json)
        return self.begin(
            Operation.Kind.IMPORT_INVENTORY,
            {"rows": rows, "text": not is_json},
            total=len(rows),
            dry_run=self.dry_run,
        )


class OperationDetail(ResourceView):
    @documented("Get an operation", answer=OperationAnswer)
    def get(self, request: Request, key: str) -> Response:
        """Return how far it is and what became of each row; for who asked for it."""
        return self.answer(shown(find(self, key)))


class OperationErrors(ResourceView):
    @extend_schema(  # type: ignore[untyped-decorator]
        operation_id="get_the_errors_of_an_operation",
        summary="Get the errors of an operation",
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            **{(code, "application/problem+json"): Problem for code in (400, 401, 403, 404)},
        },
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        """Return one line an error, as CSV."""
        return errors_file(find(self, key))


def errors_file(row: Operation) -> HttpResponse:
    """Return the errors of an operation as a file to save."""
    lines = "".join(results.errors_csv(row.results))
    answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="errors-{row.uuid}.csv"'
    return answer
