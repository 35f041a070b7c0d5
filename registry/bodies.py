"""Read a request body into a typed object, or say field by field what is wrong with it."""

import json
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from registry import remedies
from registry.plain_text import Line, Lines
from registry.problems import FieldError, Invalid

# Pydantic's words for errors that deserve plainer ones.
_CODES = {"extra_forbidden": "unknown_field", "missing": "required"}
_BY_DETAIL = "write what the detail asks for, or leave the field out"


class Body(BaseModel):
    """Parent of every request body: strict types, and no field that we do not know.

    An absent field keeps its default and is not in `given()`; a field that may be cleared is
    typed `X | None`, any other refuses null.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def given(self) -> dict[str, Any]:
        """Return only what the caller sent."""
        return self.model_dump(exclude_unset=True)


class Change(Body):
    """Parent of bodies that change something: the reason lands in the audit."""

    change_reason: Line = Field(default="", max_length=500)

    def given(self) -> dict[str, Any]:
        """Return what the caller sent of the object itself."""
        return self.model_dump(exclude_unset=True, exclude={"change_reason"})


Parsed = TypeVar("Parsed", bound=BaseModel)


def parse(schema: type[Parsed], data: Any, *, at: str = "") -> Parsed:
    """Return `data` as `schema`; raise Invalid with JSON pointers that start with `at`."""
    try:
        # Through JSON, so that strict types still take dates and choices written as text.
        return schema.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise Invalid(*(_field_error(schema, item, at) for item in error.errors())) from error


class _Text(Body):
    text: Lines


def unreadable(text: str, *, pointer: str) -> list[FieldError]:
    """Say what cannot be seen in a text that came by another way than a body; nothing: []."""
    try:
        parse(_Text, {"text": text})
    except Invalid as error:
        return [replace(fault, pointer=pointer) for fault in error.errors]
    return []


def _field_error(schema: type[BaseModel], item: ErrorDetails, at: str) -> FieldError:
    pointer = at + "".join(f"/{_escape(str(part))}" for part in item["loc"])
    code = _CODES.get(item["type"], item["type"])
    if code == "unknown_field":
        name = str(item["loc"][-1])[:60]
        known = ", ".join(sorted(schema.model_fields)) if len(item["loc"]) == 1 else ""
        fix = f"known fields: {known}" if known else "leave it out"
        return FieldError(pointer, code, f"there is no field '{name}'", fix)
    fix = item.get("ctx", {}).get("fix") or remedies.remedy(schema, item["loc"]) or _BY_DETAIL
    if not item["loc"]:
        fix = "send a JSON object"
    return FieldError(pointer or "/", code, item["msg"].removeprefix("Value error, "), fix)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
