"""Upload batches and labels, and list those that have landed."""

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from pydantic import BaseModel
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring import uploads
from monitoring.incoming import Incoming
from monitoring.models import Batch, LabelSet, Source
from registry.access import Right
from registry.api_view import ResourceView, documented, route
from registry.problems import invalid


class BatchOut(BaseModel):
    """A batch as it landed; `digest` is the SHA-256 of its bytes, `origin` its run in MLflow."""

    window_start: datetime
    format: str
    size: int
    digest: str
    landed_at: datetime
    origin: dict[str, str]
    file_deleted_at: datetime | None


class LabelsOut(BaseModel):
    """A file of labels; without a window it may hold labels of any."""

    name: str
    window_start: datetime | None
    format: str
    size: int
    digest: str
    landed_at: datetime
    origin: dict[str, str]
    file_deleted_at: datetime | None


class FileBody(BaseParser):
    """Hand over a file that is still to be received: who may not send it sends it in vain."""

    format = ""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None
        request: Request = parser_context["request"]
        packed = _packed(request, self.format)
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
        return Incoming(stream, self.format, announced, packed)


def _packed(request: Request, format: str) -> bool:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return False
    if encoding == "gzip" and format in ("csv", "jsonl"):
        return True
    detail = f"{encoding[:40]} is not read for {format}"
    raise invalid("/Content-Encoding", "unsupported", detail, "gzip, for CSV and JSON lines only")


class ParquetBody(FileBody):
    media_type, format = "application/vnd.apache.parquet", "parquet"


class CSVBody(FileBody):
    media_type, format = "text/csv", "csv"


class ArrowBody(FileBody):
    media_type, format = "application/vnd.apache.arrow.file", "arrow"


class ArrowStreamBody(FileBody):
    media_type, format = "application/vnd.apache.arrow.stream", "arrow"


class LinesBody(FileBody):
    media_type, format = "application/x-ndjson", "jsonl"


class JSONLinesBody(FileBody):
    media_type, format = "application/jsonl", "jsonl"


_PARSERS = (ParquetBody, CSVBody, ArrowBody, ArrowStreamBody, LinesBody, JSONLinesBody)
_FILE = {
    parser.media_type: {"type": "string"}
    if parser.format in ("csv", "jsonl")
    else {"type": "string", "format": "binary"}
    for parser in _PARSERS
}
_WINDOW = {"window": "start of the window in UTC: `2026-11-02` or `2026-11-02T060000Z`"}
_NAME = {"name": "name of the labels; the start of a window where they are for it alone"}


class UploadView(ResourceView):
    """Parent of both uploads."""

    parser_classes = _PARSERS

    def source_for(self, key: str, name: str, right: Right | None = None) -> Source:
        """Return the source in the address."""
        return self.find_model(key, right).sources.get(name=name)

    def incoming(self) -> Incoming:
        """Return the file that is sent."""
        sent: Any = self.request.data
        if not isinstance(sent, Incoming):
            fix = "send the file as the body, with its Content-Length and its Content-Type"
            raise invalid("/", "empty", "there is no file in the request", fix)
        return sent

    def given(self, name: str, fix: str) -> str:
        """Return a parameter of the address that must be there."""
        text = self.request.query_params.get(name, "")
        if not text:
            raise invalid(f"/{name}", "required", f"?{name}= is missing", fix)
        return text

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Leave nothing aside, whatever became of the request."""
        sent = getattr(request, "_full_data", None)
        if isinstance(sent, Incoming):
            sent.discard()
        return super().finalize_response(request, response, *args, **kwargs)


def _batch(row: Batch) -> BatchOut:
    return BatchOut(**_shown(row, BatchOut))


def _labels(row: LabelSet) -> LabelsOut:
    return LabelsOut(**_shown(row, LabelsOut))


def _shown(row: Batch | LabelSet, shape: type[BaseModel]) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in shape.model_fields}
    return {**shown, "format": row.written_as}


class BatchList(UploadView):
    """The batches of a source."""

    @documented("List the batches of a source", answer=BatchOut, listed=True)
    def get(self, request: Request, key: str, name: str) -> Response:
        """List the batches that have landed, newest window first."""
        rows = self.source_for(key, name).batches.select_related("source")
        return self.page(rows, order=["-window_start", "-id"], show=_batch)

    @documented("Upload a batch", body=_FILE, answer=BatchOut, upsert=True, filters=_WINDOW)
    def post(self, request: Request, key: str, name: str) -> Response:
        """Upload the batch of a window; safe to repeat, the same bytes are one batch.

        The format is told by Content-Type. 200 when these bytes are the window's newest batch
        already, 201 when they are news; what is wrong inside is for the window's verdict to say.
        """
        source = self.source_for(key, name, Right.EDIT_MONITORING)
        window = self.given("window", "the start of the batch's window, such as 2026-11-02")
        batch, news = uploads.take_batch(
            self.actor, source, self.incoming(), window, at=self.at, dry=self.dry_run
        )
        return self.answer(_batch(batch), created=news)


class LabelList(UploadView):
    """The labels of a source."""

    @documented("List the labels of a source", answer=LabelsOut, listed=True)
    def get(self, request: Request, key: str, name: str) -> Response:
        """List the files of labels that have landed, newest first."""
        rows = self.source_for(key, name).label_sets.select_related("source")
        return self.page(rows, order=["-landed_at", "-id"], show=_labels)

    @documented("Upload labels", body=_FILE, answer=LabelsOut, upsert=True, filters=_NAME)
    def post(self, request: Request, key: str, name: str) -> Response:
        """Upload what came true, by `request_id`; a later file of the same name replaces it."""
        source = self.source_for(key, name, Right.EDIT_MONITORING)
        called = self.given("name", "a name, such as the start of the window they are for")
        labels, news = uploads.take_labels(
            self.actor, source, self.incoming(), called, at=self.at, dry=self.dry_run
        )
        return self.answer(_labels(labels), created=news)


urlpatterns = [
    route("models/<key>/sources/<name>/batches/", BatchList, "batches"),
    route("models/<key>/sources/<name>/labels/", LabelList, "labels"),
]
