"""Page through a list by the place of its last row, never by counting rows.

Every list answers `{results, next, previous}`; `?limit=` is 50, at most 500; `?count=true` adds
the total, which is left out otherwise because counting is slow.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from registry.problems import Invalid, invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


def page(
    request: Request,
    rows: QuerySet[Any, Any],
    *,
    order: Sequence[str],
    show: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return one page of `rows` as the API answers it.

    `order` names columns (or annotations) that are never null, `-` for descending; the last one
    must be unique. `show` turns a row into what is answered.
    """
    limit, counted = _limit(request), _counted(request)
    values, backwards = _read_cursor(request, rows, order)
    wanted = [_flip(name) for name in order] if backwards else list(order)
    found = rows.order_by(*wanted)
    if values is not None:
        found = found.filter(_after(wanted, values))
    # One row more than asked for tells whether there is another page.
    taken = list(found[: limit + 1])
    more, taken = len(taken) > limit, taken[:limit]
    if backwards:
        taken.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else values is not None
    body: dict[str, Any] = {
        "results": [show(row) for row in taken],
        "next": _link(request, order, taken[-1], "n") if taken and has_next else None,
        "previous": _link(request, order, taken[0], "p") if taken and has_previous else None,
    }
    if counted:
        body["count"] = rows.order_by().count()
    return body


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_LIMIT:
        detail = f"limit is a whole number from 1 to {MAX_LIMIT}"
        raise invalid("/limit", "invalid", detail, f"limit={DEFAULT_LIMIT}")
    return int(text)


def _counted(request: Request) -> bool:
    text = request.query_params.get("count", "false")
    if text not in ("true", "false"):
        raise invalid("/count", "invalid", "this is true or false", "count=true")
    return text == "true"


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    # (a, b) after (x, y) means: a after x, or a is x and b after y.
    found, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        comparison = "lt" if name.startswith("-") else "gt"
        found |= equal & Q(**{f"{column}__{comparison}": value})
        equal &= Q(**{column: value})
    return found


def _value(row: Any, name: str) -> Any:
    column = name.lstrip("-")
    if isinstance(row, dict):
        found = row[column]
    else:
        found = row
        for part in column.split("__"):
            found = getattr(found, part)
    return found.isoformat() if isinstance(found, datetime) else found


def _link(request: Request, order: Sequence[str], row: Any, direction: str) -> str:
    place = json.dumps([direction, *(_value(row, name) for name in order)], default=str)
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _read_cursor(
    request: Request, rows: QuerySet[Any, Any], order: Sequence[str]
) -> tuple[list[Any] | None, bool]:
    text = request.query_params.get("cursor")
    if not text:
        return None, False
    try:
        place = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        direction, *values = place
        if direction not in ("n", "p") or len(values) != len(order) or not _storable(values):
            raise _broken()
        pairs = zip(order, values, strict=True)
        return [_column(rows, name).to_python(value) for name, value in pairs], direction == "p"
    except (binascii.Error, ValueError, TypeError, RecursionError, ValidationError) as error:
        raise _broken() from error


def _storable(values: list[Any]) -> bool:
    return not any(value is None or "\x00" in str(value) for value in values)


def _broken() -> Invalid:
    fix = "follow `next` or `previous` as they were given"
    return invalid("/cursor", "invalid", "this is no place in this list", fix)


def _column(rows: QuerySet[Any, Any], name: str) -> Any:
    """Return the field whose `to_python` reads a value of this column."""
    annotation = rows.query.annotations.get(name.lstrip("-"))
    if annotation is not None:
        return annotation.output_field
    model, found = rows.model, None
    for part in name.lstrip("-").split("__"):
        found = model._meta.get_field(part)
        model = found.related_model if found.is_relation else model
    return found
