"""Forms that speak JSON: they read a page's fields into the body the API would get.

The operations judge the body; their errors come back to the field whose pointer fits best.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from dashboard import words, yaml_text
from registry.problems import FieldError, Invalid

Choices = tuple[tuple[str, str], ...]
_NARROW = 30  # characters


@dataclass(frozen=True)
class Field:
    """One input. `name` is a dotted path into the body; `empty` says what an empty input sends."""

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    choices: Choices = ()
    required: bool = False
    empty: str = "omit"  # omit, null, blank, usual
    once: bool = False  # asked when a thing is made, fixed afterwards
    usual: Any = None  # what an input that was emptied sends
    short: bool = False  # stands beside another; numbers and choices do anyway

    @property
    def pointer(self) -> str:
        return "/" + self.name.replace(".", "/")


@dataclass(frozen=True)
class Group:
    """Fields that belong together; a folded group is open only when something in it is said."""

    legend: str
    fields: tuple[Field, ...]
    folded: bool = False


@dataclass
class Given:
    """What came in: the body for the operation, what to show again, and what cannot be read."""

    body: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


def read(groups: Iterable[Group], post: Any, *, new: bool = True) -> Given:
    """Read a posted form."""
    given = Given()
    for item in _fields(groups, new=new):
        if item.kind == "checkboxes":
            raw: Any = post.getlist(item.name)
        elif item.kind == "checkbox":
            raw = item.name in post
        else:
            raw = post.get(item.name, "").replace("\r\n", "\n")
        given.values[item.name] = raw
        try:
            value = _parsed(item, raw)
        except ValueError as error:
            given.errors.append(FieldError(item.pointer, "unreadable", str(error), item.help))
            continue
        if value is not _OMIT and not (item.empty == "usual" and item.name not in post):
            _put(given.body, item.name, value)
    return given


def show(
    groups: Iterable[Group],
    values: Mapping[str, Any],
    error: Invalid | None = None,
    *,
    new: bool = True,
) -> dict[str, Any]:
    """Return the form for the template, each error beside its field with the fix."""
    groups = list(groups)
    known = {item.pointer: item for item in _fields(groups, new=new)}
    wrong: dict[str, list[str]] = {}
    other: list[str] = []
    for fault in error.errors if error else ():
        said = words.fault(fault.detail, fault.fix)
        fitting = [p for p in known if fault.pointer == p or fault.pointer.startswith(p + "/")]
        if fitting:
            wrong.setdefault(max(fitting, key=len), []).append(said)
        else:
            place = fault.pointer.strip("/").replace("/", ", ")
            other.append(f"{place}: {said}" if place else said)
    return {
        "groups": [
            {
                "legend": group.legend,
                "folded": group.folded,
                "open": any(
                    item.pointer in wrong or not _is_usual(item, values.get(item.name))
                    for item in group.fields
                ),
                "fields": [
                    row(item, values.get(item.name), wrong.get(item.pointer, []))
                    for item in group.fields
                    if new or not item.once
                ],
            }
            for group in groups
        ],
        "wrong": sum(map(len, wrong.values())) + len(other),
        "where": [
            {"id": _place(item), "label": item.label}
            for item in _fields(groups, new=new)
            if item.pointer in wrong
        ],
        "other": other,
    }


def holds(item: Field, value: Any) -> bool:
    """Say whether a field can show a value so that saving it untouched changes nothing."""
    shown = row(item, value)
    if item.choices and item.kind != "checkboxes":
        return value is None or any(choice["on"] for choice in shown["choices"])
    if item.kind in ("checkbox", "checkboxes"):
        known = {key for key, _ in item.choices}
        return item.kind == "checkbox" or set(map(str, value or ())) <= known
    try:
        parsed = _parsed(item, shown["value"])
    except ValueError:
        return False
    return bool(parsed == value or not (parsed or value))


def moved(error: Invalid | None, places: Mapping[str, str]) -> Invalid | None:
    """Return the error with the beginnings of its pointers replaced, as a form names them."""
    if error is None:
        return None
    faults = []
    for item in error.errors:
        old = next((start for start in places if item.pointer.startswith(start)), "")
        pointer = places.get(old, "") + item.pointer.removeprefix(old)
        faults.append(FieldError(pointer, item.code, item.detail, item.fix))
    return Invalid(*faults)


def beside_text(error: Invalid | None, name: str, text: Any, *, whole: str = "") -> Invalid | None:
    """Return the error moved beside the text it is about, each fault with its line and keys.

    `whole` is the pointer of what the text holds: `/spec` when it is only the spec of a check.
    """
    if error is None:
        return None
    return Invalid(*(_in_text(item, name, str(text or ""), whole) for item in error.errors))


def _in_text(item: FieldError, name: str, text: str, whole: str) -> FieldError:
    pointer = f"/{name}"
    if item.pointer == pointer:  # it is about the text, and says where by itself
        return item
    inside = item.pointer.removeprefix(whole).strip("/")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in inside.split("/") if part]
    line = yaml_text.line_of(text, parts)
    where = f"line {line}, " if line else ""
    keys = ", ".join(parts)
    place = f"{where}{keys}: " if keys else ""
    return FieldError(pointer, item.code, f"{place}{item.detail}", item.fix)


def flat(body: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn a nested body into dotted names, as the fields are called."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        found[prefix + key] = value
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
    return found


_OMIT = object()


def _is_usual(item: Field, value: Any) -> bool:
    """Say whether a value is the one that an emptied input sends."""
    return value in (None, "", [], {}, False) or str(value) == str(item.usual)


def _fields(groups: Iterable[Group], *, new: bool) -> list[Field]:
    return [item for group in groups for item in group.fields if new or not item.once]


def _is_narrow(item: Field) -> bool:
    """Say whether all that can be chosen is readable in half the width."""
    return item.kind in ("select", "yesno") and all(
        len(name) <= _NARROW for _, name in item.choices
    )


def _place(item: Field) -> str:
    """Return the id of the input that a link to the field goes to."""
    if item.kind == "checkboxes" and item.choices:
        return f"f-{item.name}-{item.choices[0][0]}"
    return "f-" + item.name.replace(".", "-")


def _parsed(item: Field, raw: Any) -> Any:
    if item.kind in ("checkbox", "checkboxes"):
        return raw
    text = str(raw) if item.kind == "password" else str(raw).strip()
    if item.kind in ("lines", "rows") and (text or item.empty != "usual"):
        apart = text.replace(",", "\n") if item.kind == "lines" else text
        return [part.strip() for part in apart.split("\n") if part.strip()]
    if not text:
        return {"omit": _OMIT, "null": None, "blank": "", "usual": item.usual}[item.empty]
    if item.kind == "number":
        return number(text)
    if item.kind == "scale":
        return int(text)
    if item.kind == "yesno":
        return text == "true"
    return yaml_text.loads(text) if item.kind == "yaml" else text


def number(text: str) -> int | float:
    """Read a number as a person types it, or raise ValueError."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"'{text[:40]}' is no number") from error


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


def row(item: Field, value: Any, wrong: Sequence[str] = ()) -> dict[str, Any]:
    """Return one field as the template shows it."""
    parts = value if isinstance(value, list | tuple) else [value]
    chosen = {str(part).lower() if isinstance(part, bool) else str(part) for part in parts}
    shown = "" if value is None else value
    if item.kind == "number" and isinstance(value, float) and value.is_integer():
        shown = int(value)
    if item.kind == "lines" and isinstance(value, list):
        shown = ", ".join(map(str, value))
    if item.kind == "rows" and isinstance(value, list):
        shown = "\n".join(map(str, value))
    if item.kind == "yaml" and not isinstance(value, str):
        shown = yaml.safe_dump(value, sort_keys=False, allow_unicode=True) if value else ""
    return {
        "id": "f-" + item.name.replace(".", "-"),
        "name": item.name,
        "label": item.label,
        "kind": "select" if item.kind in ("scale", "yesno") else item.kind,
        "help": item.help,
        "lines": str(shown).count("\n") + 1,
        "short": item.short or item.kind == "number" or _is_narrow(item),
        "required": item.required,
        "value": shown if item.kind != "password" else "",
        "on": bool(value) and value != "false",
        "choices": [
            {"value": key, "name": name, "on": key in chosen, "id": f"f-{item.name}-{key}"}
            for key, name in item.choices
        ],
        "wrong": wrong,
    }
