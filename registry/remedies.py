"""Say how a field of a body is mended, from what its schema allows; pure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date-time": "a time with its zone, such as 2026-08-17T00:00:00Z",
    "date": "a day, such as 2026-08-17",
    "uuid": "a UUID",
}


def remedy(schema: type[BaseModel], place: Sequence[str | int]) -> str:
    """Return in words what may stand at this place of a body; '' when nothing can be said."""
    whole = _json_schema(schema)
    node: dict[str, Any] | None = whole
    for part in place:
        node = _below(whole, node or {}, part)
        if node is None:
            return ""
    return _words(whole, node or {})


@lru_cache(maxsize=200)
def _json_schema(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema()


def _below(whole: dict[str, Any], node: dict[str, Any], part: str | int) -> dict[str, Any] | None:
    for option in _options(whole, node):
        known = option.get("properties", {})
        if part in known:
            return dict(known[part])
        if isinstance(part, int) and isinstance(option.get("items"), dict):
            return dict(option["items"])
        if isinstance(option.get("additionalProperties"), dict):
            return dict(option["additionalProperties"])
        if part == "[key]" and "propertyNames" in option:
            return dict(option["propertyNames"])
    # The last part may name the union's branch that was tried: the words of all say more.
    return node if isinstance(part, str) and ("anyOf" in node or "oneOf" in node) else None


def _options(whole: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _options(whole, whole["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    branches = node.get("anyOf") or node.get("oneOf") or node.get("allOf")
    return [o for branch in branches for o in _options(whole, branch)] if branches else [node]


def _words(whole: dict[str, Any], node: dict[str, Any]) -> str:
    # What a field says of itself goes before what its type says.
    if node.get("description") and "$ref" not in node:
        return str(node["description"])
    found = [_word(whole, option) for option in _options(whole, node)]
    return " or ".join(dict.fromkeys(text for text in found if text))


def _word(whole: dict[str, Any], option: dict[str, Any]) -> str:
    if "enum" in option:
        return "one of " + ", ".join(map(str, option["enum"]))
    if "const" in option:
        return str(option["const"])
    kind = option.get("type", "")
    if kind == "object" and option.get("properties"):
        return "an object with " + ", ".join(option["properties"])
    if option.get("description"):
        return str(option["description"])
    text = _FORMATS.get(option.get("format", ""), _TYPES.get(kind, ""))
    if kind == "array" and isinstance(option.get("items"), dict):
        inner = _words(whole, option["items"])
        text += f" (each: {inner})" if inner else ""
    return text + _limits(option)


def _limits(option: dict[str, Any]) -> str:
    found = [
        f"{words} {option[key]:,}" if isinstance(option[key], int) else f"{words} {option[key]}"
        for key, words in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "more than"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "less than"),
        )
        if key in option
    ]
    unit = {"string": "characters", "array": "items"}.get(option.get("type", ""), "")
    low = option.get("minLength", option.get("minItems"))
    high = option.get("maxLength", option.get("maxItems"))
    if low:
        found.append("not empty" if low == 1 else f"at least {low:,} {unit}")
    if high is not None:
        found.append(f"at most {high:,} {unit}")
    if "pattern" in option:
        found.append(f"matching {option['pattern']}")
    return ", " + ", ".join(found) if found else ""
