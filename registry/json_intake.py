"""Read JSON bodies strictly: what PostgreSQL or Python would choke on later is refused here."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_BYTES = 1_048_576
MAX_DEPTH = 20
MAX_NODES = 10_000
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """Refuse NaN, duplicate keys, NUL, lone surrogates, deep nesting and oversize bodies."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise ParseError(f"The body is larger than {MAX_BYTES} bytes; send it in parts.")
        return loads(body)


def loads(body: bytes, *, most_values: int = MAX_NODES) -> Any:
    """Parse a body or raise ParseError saying what is wrong with it."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_duplicates
        )
    except UnicodeDecodeError as error:
        raise ParseError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ParseError(f"The body is not JSON: {error.msg} at {where}.") from error
    except ValueError as error:
        raise ParseError(str(error)) from error
    _check(value, most_values)
    return value


def _no_constant(name: str) -> Any:
    raise ParseError(f"The body holds {name}, which is not JSON.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ParseError(f"The body holds the key '{key[:60]}' twice in one object.")
        found[key] = value
    return found


def _check(value: Any, most_values: int) -> None:
    # A stack of our own: the depth limit must not depend on Python's recursion limit.
    stack, nodes = [(value, 1)], 0
    while stack:
        item, depth = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > most_values:
            raise ParseError(
                f"The body is nested deeper than {MAX_DEPTH} levels or holds more than"
                f" {most_values} values."
            )
        if isinstance(item, str) and _BAD_TEXT.search(item):
            raise ParseError("The body holds a NUL character or half a surrogate pair.")
        if isinstance(item, dict):
            stack.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            stack.extend((part, depth + 1) for part in item)
