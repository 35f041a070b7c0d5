"""Read an inventory file, CSV or JSON with the export's columns, and register what it says."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from registry import access, catalogue, inventory
from registry.access import NotAllowed
from registry.actors import Actor
from registry.imports.results import RowResult, Status, faults, refused
from registry.json_intake import TooLarge, loads
from registry.models import RegisteredModel, SlugHistory
from registry.problems import FieldError, Invalid, invalid
from registry.slugs import is_uuid

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 5_000
_MOST_VALUES = 2_000_000
_COLUMN_OF = {column.path: column.name for column in inventory.COLUMNS if column.path}
# What an operation names as a whole has several columns: the first of them.
_COLUMN_OF |= {"tier_answers": "answer_exposure", "mlflow": "mlflow_model", "slug": "model_id"}
_LISTED = ("results", "rows", "models")


def read(data: bytes, *, is_json: bool) -> list[dict[str, Any]]:
    """Return the rows of a file as they stand there, or raise Invalid about the whole file."""
    if len(data) > MAX_BYTES:
        raise TooLarge(MAX_BYTES)
    rows = _json_rows(data) if is_json else _csv_rows(data)
    if not rows:
        raise invalid("/", "empty", "the file holds no row", "one row a model, below the header")
    if len(rows) > MAX_ROWS:
        raise invalid("/", "too_many", f"the file holds more than {MAX_ROWS} rows", "split it")
    return rows


def _json_rows(data: bytes) -> list[dict[str, Any]]:
    found = loads(data.removeprefix(b"\xef\xbb\xbf"), most_values=_MOST_VALUES)
    if isinstance(found, dict):
        found = next((found[key] for key in _LISTED if key in found), None)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise invalid("/", "invalid", "this is no list of objects", "one object a model")
    return found


def _csv_rows(data: bytes) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is not UTF-8"
        raise invalid("/", "not_utf8", detail, "save the file as CSV UTF-8") from error
    if "\x00" in text:
        raise invalid("/", "invalid", "the file holds a NUL character", "save it as CSV UTF-8")
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(header)
        return [_row(header, cells) for cells in lines if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        detail = f"line {lines.line_num} is no CSV: {error}"
        raise invalid(
            "/", "invalid", detail, "quote cells that hold quotes or line ends"
        ) from error


def _check_header(header: Sequence[str]) -> None:
    known = f"known columns: {', '.join(inventory.BY_NAME)}"
    faults = [
        FieldError(f"/{name[:60]}", "unknown_column", f"there is no column '{name[:60]}'", known)
        for name in header
        if name not in inventory.BY_NAME
    ]
    faults += [
        FieldError(f"/{name}", "twice", f"the column '{name}' stands there twice", "keep one")
        for name in sorted({name for name in header if header.count(name) > 1})
        if name in inventory.BY_NAME
    ]
    if _COLUMN_OF[inventory.SLUG] not in header:
        slug = _COLUMN_OF[inventory.SLUG]
        faults.append(FieldError(f"/{slug}", "required", f"the column '{slug}' is missing", known))
    if faults:
        raise Invalid(*faults)


def _row(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(header, cells, strict=False))
    if any(cell.strip() for cell in cells[len(header) :]):
        row[_BEYOND] = True
    return row


_BEYOND = "(cells beyond the header)"


def work(
    actor: Actor, body: dict[str, Any], *, start: int, stop: int, at: datetime
) -> list[RowResult]:
    """Do the rows from `start` up to `stop`, each for itself."""
    rows, text = body["rows"][start:stop], bool(body["text"])
    names = [_name(row) for row in body["rows"]]
    known = _known(actor, names)
    first: dict[Any, int] = {}
    for number, name in enumerate(names, start=1):
        first.setdefault(known[name].pk if name in known else name, number)
    found = []
    for number, row in enumerate(rows, start=start + 1):
        name = names[number - 1]
        model = known.get(name)
        earlier = first[model.pk if model else name] if name else number
        try:
            _require_one(row, name, model, earlier=earlier, number=number)
            found.append(_one(actor, row, number, name, model, text=text, at=at))
        except Invalid as error:
            found.append(refused(number, name, error, slug=model.slug if model else ""))
    return found


def _name(row: dict[str, Any]) -> str:
    return str(row.get(_COLUMN_OF[inventory.SLUG]) or "")


def _known(actor: Actor, names: Sequence[str]) -> dict[str, RegisteredModel]:
    """Return the models that the file names, by any slug they have or had, or by UUID."""
    mine = access.visible_models(actor)
    slugs = SlugHistory.objects.filter(slug__in=names, model__in=mine.values("pk"))
    found = {row.slug: row.model for row in slugs.select_related("model")}
    uuids = {name: UUID(name) for name in names if is_uuid(name)}
    named = {model.uuid: model for model in mine.filter(uuid__in=uuids.values())}
    return found | {name: named[key] for name, key in uuids.items() if key in named}


def _require_one(
    row: dict[str, Any], name: str, model: RegisteredModel | None, *, earlier: int, number: int
) -> None:
    """Raise Invalid where a row is about the model of another row, or of another identity."""
    if earlier < number:
        detail = f"row {earlier} is about this model already"
        raise invalid("/model_id", "twice", detail, "keep one row a model")
    given = str(row.get("model_uuid") or "").strip().lower()
    if given and (model is None or given != str(model.uuid)):
        whose = "is another one's" if model else "belongs to no model of that name"
        detail = f"'{given[:40]}' {whose}: model_id says '{name[:60]}'"
        fix = "correct model_id or model_uuid; leave model_uuid empty for a new model"
        raise invalid("/model_uuid", "mismatch", detail, fix)


def _one(
    actor: Actor,
    row: dict[str, Any],
    number: int,
    name: str,
    known: RegisteredModel | None,
    *,
    text: bool,
    at: datetime,
) -> RowResult:
    try:
        slug, body = inventory.body(row, text=text)
        model, created = catalogue.put_model(actor, slug, body, at=at)
    except (Invalid, NotAllowed) as error:
        named = Invalid(*(_in_column(fault) for fault in faults(error)))
        return refused(number, name, named, slug=known.slug if known else "")
    except RegisteredModel.DoesNotExist:
        fault = invalid("/model_id", "taken", "this slug is or was another model's", "choose one")
        return refused(number, name, fault)
    same = known is not None and model.updated_at == known.updated_at
    status = Status.CREATED if created else Status.UNCHANGED if same else Status.UPDATED
    return RowResult(row=number, model=name, slug=model.slug, status=status)


def _in_column(fault: FieldError) -> FieldError:
    """Name the file's column where the operation named the body's field."""
    path = fault.pointer.strip("/").replace("/", ".")
    while path:
        if path in _COLUMN_OF:
            return FieldError(f"/{_COLUMN_OF[path]}", fault.code, fault.detail, fault.fix)
        path = path.rpartition(".")[0]
    return fault
