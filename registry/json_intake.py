"""Read JSON bodies strictly: what PostgreSQL or Python would choke on later is refused here."""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.utils.http import parse_header_parameters
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_BYTES = 1_048_576
MAX_DEPTH = 20
MAX_NODES = 10_000
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")
_LONGEST_POINTER = 200
_BOM = b"\xef\xbb\xbf"


class Unreadable(ParseError):
    """The body is not the JSON that we take: where, what and how to mend it."""

    def __init__(self, code: str, detail: str, fix: str, pointer: str = "/") -> None:
        super().__init__(detail)
        self.members = _told(code, detail, fix, pointer)


class TooLarge(APIException):
    """The body has more bytes than the address takes."""

    status_code = 413

    def __init__(self, most: int) -> None:
        detail = f"The body is larger than {most} bytes."
        super().__init__(detail)
        self.members = _told("too_large", detail, "send it in parts", "/")


class WrongCharset(APIException):
    """The body says that it is written in something else than UTF-8."""

    status_code = 415

    def __init__(self, charset: str) -> None:
        detail = f"JSON is written in UTF-8, not in {charset[:40]}."
        super().__init__(detail)
        fix = "send UTF-8, with Content-Type: application/json"
        self.members = _told("wrong_charset", detail, fix, "/Content-Type")


def _told(code: str, detail: str, fix: str, pointer: str) -> dict[str, Any]:
    return {"errors": [{"pointer": pointer, "code": code, "detail": detail, "fix": fix}]}


class StrictJSONParser(BaseParser):
    """Refuse NaN, duplicate keys, NUL, lone surrogates, deep nesting and oversize bodies."""

    media_type = "application/json"
    max_bytes: ClassVar[int] = MAX_BYTES
    max_nodes: ClassVar[int] = MAX_NODES

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        charset = parse_header_parameters(media_type or "")[1].get("charset", "")
        if charset.lower() not in _CHARSETS:
            raise WrongCharset(charset)
        body = stream.read(self.max_bytes + 1)
        if len(body) > self.max_bytes:
            raise TooLarge(self.max_bytes)
        return loads(body, most_values=self.max_nodes)


class BulkJSONParser(StrictJSONParser):
    """Take what holds many objects at once."""

    max_bytes = 8 * MAX_BYTES
    max_nodes = 200_000


def loads(body: bytes, *, most_values: int = MAX_NODES) -> Any:
    """Parse a body or raise Unreadable saying what is wrong with it, and where."""
    if body.startswith(_BOM):
        raise Unreadable("bom", "The body begins with a byte order mark.", "send UTF-8 without it")
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_NoNumber, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8: byte {error.start} cannot be read."
        raise Unreadable("not_utf8", detail, "write it in UTF-8") from error
    except RecursionError as error:
        raise _too_deep("/") from error
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise Unreadable("not_json", detail, "mend it at this place") from error
    except ValueError as error:
        # Python reads no whole number of thousands of digits.
        detail = "The body holds a number that is too long."
        raise Unreadable("number", detail, "write a number of at most 15 digits") from error
    _check(value, most_values)
    return value


class _NoNumber:
    """Stands where NaN or Infinity was, until its place is known."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Twice(dict[str, Any]):
    """Stands where an object holds a key twice, until its place is known."""

    key = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked, seen = _Twice(found), set()
    for key, _ in pairs:
        if key in seen:
            marked.key = key
        seen.add(key)
    return marked


def _check(value: Any, most_values: int) -> None:
    # A stack of our own: the depth limit must not depend on Python's recursion limit. A place is
    # a pair of the place above it and a name, and is only written out when something is wrong.
    stack: list[tuple[Any, int, Any]] = [(value, 1, None)]
    nodes = 0
    while stack:
        item, depth, place = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            raise _too_deep(_pointer(place))
        if nodes > most_values:
            detail = f"The body holds more than {most_values} values."
            raise Unreadable("too_many", detail, "send it in parts")
        if isinstance(item, str):
            _check_text(item, place)
        elif isinstance(item, dict):
            if isinstance(item, _Twice):
                detail = f"The body holds the key '{_shown(item.key)}' twice in one object."
                raise Unreadable("twice", detail, "keep one of them", _pointer((place, item.key)))
            for key, part in item.items():
                _check_text(key, place)
                stack.append((part, depth + 1, (place, key)))
            nodes += len(item)
        elif isinstance(item, list):
            stack.extend((part, depth + 1, (place, n)) for n, part in enumerate(item))
        elif isinstance(item, _NoNumber) or (isinstance(item, float) and math.isinf(item)):
            said = item.name if isinstance(item, _NoNumber) else "a number that is too large"
            detail = f"The body holds {said}, which is not JSON."
            raise Unreadable("number", detail, "send null or a number", _pointer(place))


def _check_text(text: str, place: Any) -> None:
    if _BAD_TEXT.search(text):
        detail = "The body holds a NUL character or half a surrogate pair."
        raise Unreadable("unstorable", detail, "take it out: no text can hold it", _pointer(place))


def _too_deep(pointer: str) -> Unreadable:
    detail = f"The body is nested deeper than {MAX_DEPTH} levels."
    return Unreadable("too_deep", detail, f"send at most {MAX_DEPTH} levels", pointer)


def _pointer(place: Any) -> str:
    parts: list[str] = []
    while place is not None:
        place, name = place
        parts.append(_shown(str(name)).replace("~", "~0").replace("/", "~1"))
    return ("/" + "/".join(reversed(parts)))[:_LONGEST_POINTER]


def _shown(text: str) -> str:
    # What is told of a name must itself be storable and printable.
    return _BAD_TEXT.sub("?", text)[:60]
